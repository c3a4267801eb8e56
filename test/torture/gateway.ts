import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cleanUp } from "../support/leftovers.ts";
import { root } from "../support/program.ts";
import { testRepository } from "../support/repository.ts";
import { killGateway } from "./gateway-kills.ts";

/*
 * `ra serve` is killed while clients ask: `npm run torture:gateway -- --requests 500 --clients 64 --kills 20`. With `--git` each
 * request lands a commit; `--whole 0.3` ends in three of ten kills everything it has started as well. `--record` adds the line
 * to docs/results/gateway.txt.
 */

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "500" },
    clients: { type: "string", default: "64" },
    kills: { type: "string", default: "20" },
    whole: { type: "string", default: "0" },
    git: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    record: { type: "boolean", default: false },
  },
});

const began = performance.now();
try {
  const ordeal = {
    seed: Number(values.seed),
    requests: Number(values.requests),
    clients: Number(values.clients),
    kills: Number(values.kills),
    whole: Number(values.whole),
    git: values.git,
  };
  const outcome = await killGateway(testRepository(), ordeal);
  const { kills, repeated, full, wrong } = outcome;
  const seconds = Math.round((performance.now() - began) / 1_000);
  for (const line of wrong) process.stdout.write(`WRONG ${line}\n`);
  const line =
    `${new Date().toISOString().slice(0, 10)}: ${ordeal.requests} requests of ${ordeal.clients} clients, ${kills} kills, ${repeated} asked again, ` +
    `${full} times full, ${wrong.length} wrong, ${seconds} s, seed ${ordeal.seed}` +
    `${values.git ? ", a commit each" : ""}${ordeal.whole > 0 ? `, ${ordeal.whole} of the kills whole` : ""}\n`;
  process.stdout.write(line);
  if (values.record) appendFileSync(join(root, "docs/results/gateway.txt"), line);
  process.exitCode = wrong.length > 0 ? 1 : 0;
} finally {
  await cleanUp();
}
