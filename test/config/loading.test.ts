import { expect, test } from "bun:test";
import { join } from "node:path";
import { root } from "../support/program.ts";

/** Modules that are loaded once a process of its own has read a config file with this text. */
function loadedFor(text: string): string[] {
  const script = `
    const { checkConfig } = await import(${JSON.stringify(join(root, "cli/config-file.ts"))});
    await checkConfig(${JSON.stringify(text)}, { own: true, runners: ["kilo"] });
    console.log(Object.keys(require.cache).join("\\n"));
  `;
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, "-e", script], {
    cwd: root,
    stdin: "ignore",
  });
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
  return stdout.toString().split("\n");
}

test("what only `serve` needs is loaded for a config that has it", () => {
  const isOfServe = (path: string): boolean =>
    path === join(root, "cli/serve-schema.ts") || path.includes("/croner/");

  expect(loadedFor("concurrency: 4\n").filter(isOfServe)).toEqual([]);
  expect(loadedFor("serve: { prompts: [http] }\n").filter(isOfServe)).toHaveLength(2);
});
