import type { Outside } from "./outside.ts";
import { Random } from "./random.ts";

/** What a program does, step by step, and how it ends. */
export interface Script {
  readonly acts: readonly { readonly afterMs: number; readonly work: () => "hang" | undefined }[];
  readonly code: () => number;
  readonly isStubborn: boolean;
  /** It leaves a program of its own behind. */
  readonly leaves: boolean;
}

/** Exit codes of the simulated agent that its runner knows. */
export const codes = { failed: 1, limited: 3, auth: 4, crashed: 5 } as const;

/** Lines of the file that all tasks may write to. */
export const sharedLines = 6;

/** What the program with this mark does: decided by the seed and its name alone, never by what happened before. */
export function scriptOf(
  world: Outside,
  argv: readonly string[],
  cwd: string,
  mark: string,
): Script {
  if (mark.endsWith("/verify")) return checkScript(world, argv[2] ?? "", cwd);
  const random = new Random(world.seed, mark);
  const { habits } = world;
  const has = (name: keyof typeof habits, part: number): boolean =>
    habits[name] && random.chance(part);
  const [, task = ""] = mark.split("/");
  const write = (path: string, text: string | null) => (): undefined => {
    const room = world.disk.get(cwd);
    if (room === undefined) return;
    if (text === null) room.files.delete(path);
    else room.files.set(path, text);
  };
  const acts: (() => "hang" | undefined)[] = [];
  const dir = world.claimDir(task);
  const conflicted = [...(world.disk.get(cwd)?.files ?? [])].filter(([, text]) =>
    text.startsWith("<<<<<<<"),
  );
  if (conflicted.length > 0) {
    for (const [path, text] of conflicted) {
      if (has("lazyResolver", 0.3)) continue;
      const lines = text.split("\n").filter((line) => !/^(<{7}|={7}|>{7})/.test(line));
      acts.push(write(path, [...new Set(lines)].join("\n")));
    }
  } else if (!has("idle", 0.15)) {
    // What an attempt before this one broke, this one may mend.
    if (goesOn(world, mark)) acts.push(write(`${dir}/broken`, null));
    const edits = random.between(1, 3);
    for (let i = 0; i < edits; i++) acts.push(write(`${dir}/${i}`, `${mark}:${i}`));
    if (has("clash", 0.5)) {
      const line = random.between(0, sharedLines - 1);
      acts.push(() => {
        const room = world.disk.get(cwd);
        const lines = room?.files.get("shared.txt")?.split("\n") ?? [];
        lines[line] = mark;
        room?.files.set("shared.txt", lines.join("\n"));
        return undefined;
      });
    }
    if (has("stray", 0.3)) acts.push(write(`stray/${task}`, mark));
    if (has("erase", 0.2)) acts.push(write(`old/${random.between(0, 2)}`, null));
    if (has("break", 0.2)) acts.push(write(`${dir}/broken`, "BROKEN"));
  }
  if (acts.length === 0) acts.push(() => undefined);
  let code = 0;
  if (has("fail", 0.2)) code = codes.failed;
  else if (has("crash", 0.2)) code = codes.crashed;
  else if (has("limited", 0.3)) code = codes.limited;
  else if (has("auth", 0.03)) code = codes.auth;
  if (has("hang", 0.12)) acts.push(() => "hang");
  if (code !== 0) world.count(`agent.exit${code}`);
  return {
    acts: acts.map((work) => ({ afterMs: random.between(1, 20_000), work })),
    code: () => code,
    isStubborn: has("stubborn", 0.3),
    leaves: has("leave", 0.3),
  };
}

/** True for a later attempt of a task whose attempts go on from what the one before left. */
function goesOn({ plans }: Outside, mark: string): boolean {
  const [run = "", task, attempt] = mark.split("/");
  const planned = plans.get(run)?.tasks.find(({ id }) => id === task);
  return attempt !== "1" && planned?.continueSession === true;
}

function checkScript(world: Outside, command: string, cwd: string): Script {
  const random = new Random(world.seed, command, cwd);
  const tree = world.scratch.get(cwd) ?? "";
  const isFlaky = world.habits.flaky && random.chance(0.2);
  const hangs = world.habits.hang && random.chance(0.04);
  const isBroken = [...(world.store.trees.get(tree)?.values() ?? [])].includes("BROKEN");
  const judge = (): "hang" | undefined => {
    if (hangs) return "hang";
    if (!isBroken && !isFlaky) world.verified.add(`${command} ${tree}`);
    world.count(isBroken ? "check.broken" : isFlaky ? "check.flaky" : "check.passed");
    return undefined;
  };
  return {
    acts: [{ afterMs: random.between(1, 5_000), work: judge }],
    code: () => (isBroken || isFlaky ? 1 : 0),
    isStubborn: false,
    leaves: false,
  };
}
