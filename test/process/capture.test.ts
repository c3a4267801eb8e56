import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { capture } from "../../core/process.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

const env = { PATH: process.env.PATH ?? "/usr/bin:/bin" };

/** A program that a signal ends in its first starts: as many as there are files to take away. */
function struck(cwd: string, signal: string, starts: number): readonly [string, ...string[]] {
  for (let start = 1; start <= starts; start++) writeFileSync(join(cwd, `start-${start}`), "");
  const script = `for f in start-*; do test -e "$f" || break; rm "$f"; kill -${signal} $$; done; cat`;
  return ["sh", "-c", script];
}

test.each([
  ["INT", "Ctrl-C"],
  ["HUP", "the end of the terminal"],
])("a program that SIG%s met at its start, by %s, is started again", async (signal) => {
  const cwd = temporaryDirectory();

  const done = await capture(struck(cwd, signal, 2), { cwd, env, input: "whole\n" });

  expect(done).toEqual({ code: 0, stdout: "whole\n", stderr: "" });
});

test("a program that is met each time is not started for ever, and one that was killed not again", async () => {
  const [often, killed] = [temporaryDirectory(), temporaryDirectory()];

  const ends = [
    await capture(struck(often, "INT", 9), { cwd: often, env }),
    await capture(struck(killed, "KILL", 2), { cwd: killed, env }),
  ];

  expect(ends.map(({ code }) => code)).toEqual([null, null]);
  expect([existsSync(join(often, "start-4")), existsSync(join(often, "start-3"))]).toEqual([
    true,
    false,
  ]);
  expect(existsSync(join(killed, "start-2"))).toBe(true);
});
