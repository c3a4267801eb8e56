import { expect, test } from "bun:test";
import { join } from "node:path";
import { root } from "../support/program.ts";

/** Files that a process of its own has loaded once it has run a script, whose `load` imports a file of ours. */
function loadedBy(script: string): string[] {
  const whole = `
    const load = (path) => import(${JSON.stringify(root)} + "/" + path);
    ${script}
    console.log(Object.keys(require.cache).join("\\n"));
  `;
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, "-e", whole], {
    cwd: root,
    stdin: "ignore",
  });
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
  return stdout.toString().split("\n");
}

test("what only `serve` needs is loaded for a config that has it", () => {
  const loadedFor = (text: string) =>
    loadedBy(`
      const { checkConfig } = await load("cli/config-file.ts");
      await checkConfig(${JSON.stringify(text)}, { own: true, runners: ["kilo"] });
    `);
  const isOfServe = (path: string): boolean =>
    path === join(root, "cli/serve-schema.ts") || path.includes("/croner/");

  expect(loadedFor("concurrency: 4\n").filter(isOfServe)).toEqual([]);
  expect(loadedFor("serve: { prompts: [http] }\n").filter(isOfServe)).toHaveLength(2);
});

test("`ra ps` loads nothing that only writes to a registry", () => {
  const loaded = loadedBy('await load("cli/commands/ps.ts");');

  expect(loaded).toContain(join(root, "core/registry/database.ts"));
  for (const path of ["registry", "projection", "dialect", "migrations"])
    expect(loaded).not.toContain(join(root, `core/registry/${path}.ts`));
});
