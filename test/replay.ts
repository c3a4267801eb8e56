import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type MergeCommit, Original } from "./campaign/original.ts";
import { chunks, Random } from "./campaign/random.ts";
import { Replay } from "./campaign/replay.ts";

const usage = `usage: npm run replay -- PATH [--max N] [--seed S]
       bun test/replay.ts PATH [--max N] [--seed S]

Replays the merge commits of the git repository at PATH: two tasks bring what each parent
changed since the merge base, and ra lands them. The landed tree must be the one that plain
git makes of the same three trees, or the same paths must be reported as conflicts.

PATH may be a checkout or a bare repository. Nothing is written there.

  --max N    replay at most N merges, the newest first (all)
  --seed S   with --max: take a random sample instead of the newest
  --help     print this

Exit code 1: something differs; 2: the arguments are wrong.
`;

process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options | string;
  try {
    options = readOptions();
  } catch (error) {
    options = (error as Error).message;
  }
  if (typeof options === "string") {
    process.stderr.write(`${options}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const top = mkdtempSync(join(tmpdir(), "ra-replay-"));
  try {
    return await replay(options, top);
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

interface Options {
  readonly path: string;
  readonly max: number | null;
  readonly seed: number | null;
  readonly help: boolean;
}

/** The options, or what is wrong with them. */
function readOptions(): Options | string {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      max: { type: "string" },
      seed: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  for (const name of ["max", "seed"] as const) {
    const text = values[name];
    if (text !== undefined && !/^\d+$/.test(text)) return `--${name} wants a number`;
  }
  if (!values.help && positionals.length !== 1) return "one PATH is wanted";
  const number = (text: string | undefined): number | null => (text ? Number(text) : null);
  return {
    path: positionals[0] ?? "",
    max: number(values.max),
    seed: number(values.seed),
    help: values.help,
  };
}

async function replay(options: Options, top: string): Promise<number> {
  const started = performance.now();
  const original = await Original.open(options.path, top);
  const all = await original.merges();
  const chosen = choose(all.merges, options);
  process.stderr.write(
    `${options.path}: ${all.merges.length} merges with two parents, replaying ${chosen.length}, ` +
      `seed ${options.seed ?? "none"}\n`,
  );
  const replayed = new Replay(original);
  try {
    let done = 0;
    for (const piece of chunks(chosen, 50)) {
      await replayed.run(piece);
      done += piece.length;
      process.stderr.write(`${done} of ${chosen.length}: ${replayed.summary()}\n`);
    }
  } finally {
    await replayed.close();
  }
  for (const line of replayed.differences) process.stdout.write(`${line}\n`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(
    `${options.path}: ${replayed.summary()}, octopus ${all.octopus}, seconds ${seconds}\n`,
  );
  return replayed.differences.length === 0 ? 0 : 1;
}

function choose(all: readonly MergeCommit[], options: Options): readonly MergeCommit[] {
  const { max, seed } = options;
  if (max === null) return all;
  const list = seed === null ? all : new Random("replay", seed).shuffled(all);
  return list.slice(0, max);
}
