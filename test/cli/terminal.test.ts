import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { wantsColor } from "../../cli/terminal.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { root, runProgram } from "../support/program.ts";

const cases: readonly (readonly [string, Record<string, string>, boolean, boolean])[] = [
  ["a terminal", {}, true, true],
  ["a pipe", {}, false, false],
  ["NO_COLOR", { NO_COLOR: "1" }, true, false],
  ["an empty NO_COLOR, which counts as absent", { NO_COLOR: "" }, true, true],
  ["FORCE_COLOR in a pipe", { FORCE_COLOR: "1" }, false, true],
  ["FORCE_COLOR=0 in a terminal", { FORCE_COLOR: "0" }, true, false],
  ["FORCE_COLOR over NO_COLOR", { FORCE_COLOR: "1", NO_COLOR: "1" }, false, true],
  ["TERM=dumb", { TERM: "dumb" }, true, false],
  ["CI", { CI: "true" }, true, false],
  ["CI=false, which counts as absent", { CI: "false" }, true, true],
];

for (const [name, env, isTerminal, expected] of cases) {
  test(`decides on colour for ${name}`, () => {
    const color = wantsColor(env, isTerminal);

    expect(color).toBe(expected);
  });
}

test("knows a real terminal, its width and that a person can answer", async () => {
  const path = join(temporaryDirectory(), "script.ts");
  writeFileSync(
    path,
    `import { processTerminal } from ${JSON.stringify(join(root, "cli", "terminal.ts"))};
const [plain, json] = [processTerminal({ json: false }), processTerminal({ json: true })];
plain.out(JSON.stringify([plain.interactive, json.interactive, plain.color, plain.columns]));`,
  );
  let shown = "";
  const closed = Promise.withResolvers<void>();

  const child = Bun.spawn([process.execPath, path], {
    env: { PATH: process.env.PATH ?? "", TERM: "xterm" },
    terminal: {
      cols: 123,
      rows: 30,
      data: (_, bytes) => {
        shown += new TextDecoder().decode(bytes);
      },
      exit: () => closed.resolve(),
    },
  });
  await child.exited;
  await closed.promise;

  expect(shown).toBe("[true,false,true,123]");
});

test("sees no terminal in a pipe, and 80 columns", async () => {
  const path = join(temporaryDirectory(), "script.ts");
  writeFileSync(
    path,
    `import { processTerminal } from ${JSON.stringify(join(root, "cli", "terminal.ts"))};
const terminal = processTerminal({ json: false });
terminal.out(JSON.stringify([terminal.interactive, terminal.color, terminal.columns]));`,
  );

  const result = await runProgram([process.execPath, path]);

  expect(result.out).toBe("[false,false,80]");
});
