import type { Result } from "../core/dispatch/result.ts";
import type { Task } from "../core/plan/plan.ts";

const filesEach = 100;
const base = "refs/heads/main";

/** A repository, and what tasks left that all started from its one commit. */
export interface History {
  readonly base: string;
  readonly date: number;
  readonly results: readonly Result[];
  readonly files: number;
}

/** A bare repository and what tasks left: three edits, at every fifth an addition, at every tenth a deletion. */
export function makeHistory(dir: string, count: number, directories: number): History {
  Bun.spawnSync(["git", "init", "--quiet", "--bare", "--initial-branch=main", dir]);
  git(dir, "config", "user.name", "Ada Lovelace");
  git(dir, "config", "user.email", "ada@example.org");
  const date = Math.floor(Date.now() / 1000);
  const who = `Ada Lovelace <ada@example.org> ${date} +0000`;
  const lines: string[] = [`commit ${base}`, "mark :1", `committer ${who}`, data("start")];
  const pathOf = (n: number): string =>
    `src/area-${n % directories}/file-${Math.floor(n / directories) % filesEach}.txt`;
  for (let n = 0; n < directories * filesEach; n++) lines.push(file(pathOf(n), bodyOf(n)));
  for (let i = 0; i < count; i++) {
    lines.push(`commit refs/results/${i}`, `committer ${who}`, data(`task ${i}`), "from :1");
    for (const k of [0, 1, 2]) {
      const n = (i * 31 + k * 977) % (directories * filesEach);
      lines.push(file(pathOf(n), bodyOf(n).replace(`line ${i % 40}\n`, `task ${i}\n`)));
    }
    if (i % 5 === 0) lines.push(file(`src/area-${i % directories}/new-${i}.txt`, bodyOf(i)));
    if (i % 10 === 0) lines.push(`D ${pathOf(directories * filesEach - 1 - i)}`);
  }
  const done = Bun.spawnSync(["git", "-C", dir, "fast-import", "--quiet"], {
    stdin: new TextEncoder().encode(`${lines.join("\n")}\n`),
  });
  if (done.exitCode !== 0) throw new Error(done.stderr.toString());
  const start = git(dir, "rev-parse", base);
  const results = Array.from({ length: count }, (_, i): Result => {
    const commit = git(dir, "rev-parse", `refs/results/${i}`);
    return { task: makeTask(i), attempt: 1, runner: "shell", base: start, commit, changes: [] };
  });
  return { base: start, date, results, files: directories * filesEach };
}

function bodyOf(n: number): string {
  return Array.from({ length: 40 }, (_, line) =>
    line === 0 ? `file ${n}\n` : `line ${line}\n`,
  ).join("");
}

function file(path: string, text: string): string {
  return `M 100644 inline ${path}\n${data(text)}`;
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}

/** Runs git on a repository to its end; gives trimmed standard output, throws when it fails. */
export function git(dir: string, ...args: string[]): string {
  const done = Bun.spawnSync(["git", "-C", dir, ...args]);
  if (done.exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${done.stderr.toString()}`);
  return done.stdout.toString().trim();
}

/** A task of a plan, for a result that was made without running it. */
function makeTask(position: number): Task {
  return {
    id: `t${position}`,
    position,
    description: `task ${position}`,
    work: { kind: "command", command: "true" },
    runner: "shell",
    model: null,
    tier: null,
    difficulty: null,
    deps: [],
    parallel: true,
    isolation: null,
    touching: [],
    keep: [],
    timeoutMs: 60_000,
    verify: null,
    verifyLimits: { timeoutMs: 60_000, tries: 1 },
    retries: { max: 0, backoffMs: 0, maxBackoffMs: 0 },
    scope: "warn",
    onConflict: "error",
    resolver: null,
    allowNoChange: false,
    env: {},
    done: false,
  };
}
