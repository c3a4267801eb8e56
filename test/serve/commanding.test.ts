import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandProcesses } from "../../cli/serve/commanding.ts";
import { refusalOf } from "../../cli/serve/refusal.ts";
import { onTestEnd, temporaryDirectory } from "../support/leftovers.ts";

/** Commands that a script stands in for; `$*` are their words. */
function commandsOf(script: string): CommandProcesses {
  const terminal = { cwd: temporaryDirectory("ra-commands"), env: process.env };
  const commands = new CommandProcesses(terminal, ["/bin/sh", "-c", script, "ra"]);
  onTestEnd(() => commands.close());
  return commands;
}

/** Status, code and message of a refusal; null: there was none. */
async function refusedBy(script: string): Promise<readonly unknown[] | null> {
  return refusalIn(commandsOf(script).begin("land", "r7k2"));
}

async function refusalIn(work: Promise<unknown>): Promise<readonly unknown[] | null> {
  try {
    await work;
    return null;
  } catch (error) {
    const refusal = refusalOf(error);
    return [refusal?.status, refusal?.code, refusal?.message];
  }
}

const error = (code: string): string =>
  `echo '{"v":1,"ok":false,"error":{"code":"${code}","message":"it is so","hint":null}}'`;

test("gives what a command refuses as a refusal of its own, however it tells it", async () => {
  const told = await Promise.all([
    refusedBy(`echo '{"v":1,"type":"run.landed"}'`),
    refusedBy(`test "$*" = "land r7k2 --json" && echo '{"v":1}'; exit 1`),
    refusedBy(`${error("LAND_REFUSED")}; exit 7`),
    refusedBy(`${error("RUNNER_UNFIT")}; exit 4`),
    refusedBy(`${error("WRONG")}; exit 2`),
    refusedBy(`echo '{"v":1,"ok":false,"problems":[{"code":"X","message":"a key"}]}'; exit 2`),
    refusedBy("exit 6"),
    refusedBy("kill -9 $$"),
    refusedBy("exit 99"),
  ]);

  expect<unknown>(told).toEqual([
    ...[null, null],
    ...[
      [409, "LAND_REFUSED", "it is so"],
      [503, "RUNNER_UNFIT", "it is so"],
    ],
    ...[
      [400, "WRONG", "it is so"],
      [400, "CONFIG_INVALID", "a key"],
    ],
    [503, "COMMAND_ENDED", "`ra land r7k2` ended without a word (exit 6)"],
    [503, "COMMAND_ENDED", "`ra land r7k2` ended without a word (exit by a signal)"],
    [503, "COMMAND_ENDED", "`ra land r7k2` ended without a word (exit 99)"],
  ]);
});

test("gives what a command told first, at once or when it has ended", async () => {
  // As `ra` does, it bears that nobody reads its second line.
  const line = `trap "" PIPE; echo '{"v":1,"tip":"abc"}'; echo '{"v":1,"tip":"def"}'`;
  const top = temporaryDirectory("ra-commands");
  const [gate, end] = [join(top, "gate"), join(top, "end")];
  Bun.spawnSync(["mkfifo", gate]);

  const begun = await commandsOf(`${line}; exec sleep 60`).begin("resume", "r7k2", "--wait");
  const commands = commandsOf(`${line}; cat "${gate}"; : > "${end}"`);
  const finishing = commands.finish("rollback", "r7k2").then((told) => [told, existsSync(end)]);
  // It opens once the command has told its first line.
  await writeFile(gate, "");
  const finished = await finishing;

  expect<unknown>([begun, finished]).toEqual([{ v: 1, tip: "abc" }, [{ v: 1, tip: "abc" }, true]]);
});

test("runs eight at a time, ends them when it is told to, and runs none then", async () => {
  const commands = commandsOf(`echo '{"v":1}'; exec sleep 60`);
  const begin = () => refusalIn(commands.begin("resume", "r7k2", "--wait"));

  const first = await Promise.all(Array.from({ length: 8 }, begin));
  const ninth = await begin();
  await commands.close();
  const late = await begin();

  expect(first).toEqual(first.map(() => null));
  expect(ninth?.slice(0, 2)).toEqual([503, "TOO_MANY"]);
  expect(late?.slice(0, 2)).toEqual([503, "ENDING"]);
});
