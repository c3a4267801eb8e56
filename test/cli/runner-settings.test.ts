import { expect, test } from "bun:test";
import { loadConfig } from "../../cli/config.ts";
import { loadRunner } from "../../cli/runners.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

test("a runner gets the variables that the user's own config names, for every model", async () => {
  const top = temporaryDirectory();
  await Bun.write(`${top}/ra/config.yaml`, "runners: { kilo: { env: [MY_PROVIDER_TOKEN] } }\n");
  const env = { HOME: top, XDG_CONFIG_HOME: top };
  const config = await loadConfig({ root: top, env, runners: ["kilo"] });

  const { traits } = await loadRunner("kilo", config, env, top);

  expect(traits.environment).toContain("MY_PROVIDER_TOKEN");
  expect(traits.environmentFor?.("zai/glm-5")).toEqual([
    "KILO_*",
    "ZHIPU_API_KEY",
    "MY_PROVIDER_TOKEN",
  ]);
  expect(traits.environmentFor?.("zai/x")).toBe(traits.environmentFor?.("zai/y") ?? []);
  expect([traits.parallel, traits.isolation]).toEqual([true, "clone"]);
});
