import { expect, test } from "bun:test";
import { testRepository } from "../support/repository.ts";
import { killGateway } from "./gateway-kills.ts";

const seed = Number(process.env.RA_TORTURE_SEED ?? Math.floor(Math.random() * 1e6));

for (const whole of [0, 1]) {
  const what = whole === 0 ? "alone" : "with everything it has started";
  test(`a gateway that is killed ${what} ends every request that it accepted, once`, async () => {
    console.log(`gateway: seed ${seed}, replay with RA_TORTURE_SEED=${seed}`);
    const ordeal = { seed, requests: 8, clients: 4, kills: 3, whole, git: true };

    const { wrong } = await killGateway(testRepository(), ordeal);

    expect(wrong).toEqual([]);
  }, 120_000);
}
