import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { raBinary } from "../support/binary.ts";
import { type TestRepository, testRepository } from "../support/repository.ts";
import { judgeOrder, type Needed, type Order } from "./durable-order.ts";
import { whyNoFaults } from "./syscall-fault.ts";
import { FlushedDisk, readTrace, straceArguments } from "./trace.ts";

const reason = whyNoFaults();
if (reason !== null) console.log(`the durable order is not looked at: ${reason}`);
const limitMs = 60_000;

/** One of each way in which objects, refs and files of the checkout come to be. */
const tasks = [
  { id: "edits", run: "echo more >> docs/notes.md; mkdir -p new/deep; echo 1 > new/deep/file.txt" },
  // So many objects move as one pack.
  { id: "many", run: "mkdir many; for i in $(seq 120); do echo $i > many/$i.txt; done" },
  {
    id: "commits",
    run: "echo 1 > mine.txt; git add mine.txt; git commit -qm mine; git reset -q --hard HEAD~; echo 2 > ours.txt",
  },
  { id: "fails", run: "echo half > half.txt; exit 1" },
  { id: "in-place", deps: ["edits"], isolation: "in-place", run: "echo 3 > placed.txt" },
  { id: "spoils", deps: ["in-place"], isolation: "in-place", run: "rm mine/untracked.txt; exit 1" },
];

test.skipIf(reason !== null)(
  "objects, refs and files of the checkout are on the disk before the registry says so, and the registry before anybody is told",
  async () => {
    const repository = testRepository({ "docs/notes.md": "start\n" });
    repository.git("config", "user.name", "Ada Lovelace");
    repository.git("config", "user.email", "ada@example.com");
    const before = objectsOf(repository);
    repository.write({ "mine/untracked.txt": "of the user\n" });
    const files = { trace: join(repository.top, "trace"), told: join(repository.top, "told") };
    const plan = repository.plan(tasks);

    const child = Bun.spawn(
      [...straceArguments(files.trace), await raBinary(), "dispatch", plan, "--json"],
      {
        cwd: repository.dir,
        env: repository.env,
        stdin: "ignore",
        stdout: Bun.file(files.told),
        stderr: "ignore",
      },
    );
    await child.exited;
    const order = orderOf(repository, before, files.told);
    const moments = readTrace(readFileSync(files.trace, "utf8"));

    // What `fails` left is kept, the rest lands.
    expect([child.exitCode, order.kept.size, order.landed.length]).toEqual([1, 6, 124]);
    expect([...order.named.keys()].some((name) => name.endsWith(".git"))).toBe(true);
    expect(judgeOrder(moments, order)).toEqual([]);
  },
  limitMs,
);

test.skipIf(reason !== null)(
  "a ref that a killed `ra` wrote and did not flush is flushed before it counts",
  async () => {
    const { dir, top, env, git } = testRepository();
    const [gitDir, ref, trace] = [join(dir, ".git"), "refs/ra/run/task/1", join(top, "trace")];
    // What git did for the one that was killed, and what a resume does after it.
    const script = `git update-ref ${ref} HEAD && ${process.execPath} ${join(import.meta.dir, "settle.ts")} ${gitDir} ${ref} ${git("rev-parse", "HEAD")}`;

    const traced = Bun.spawnSync([...straceArguments(trace), "sh", "-c", script], {
      cwd: dir,
      env,
    });
    const disk = new FlushedDisk();
    for (const moment of readTrace(readFileSync(trace, "utf8"))) {
      if (moment.kind === "ends") disk.apply(moment);
    }

    expect(traced.exitCode).toBe(0);
    expect(disk.lacks(join(gitDir, ref))).toEqual([]);
  },
  limitMs,
);

interface Logged {
  readonly run: string;
  readonly task: string;
  readonly type: string;
  readonly body: string;
}

/** What a run has to have flushed, by what the registry and plain git say after it. */
function orderOf(repository: TestRepository, before: ReadonlySet<string>, told: string): Order {
  const { dir, top, git } = repository;
  const gitDir = join(dir, ".git");
  const events = readEvents(join(gitDir, "ra", "registry.db"));
  const homes = homesOf(repository);
  const named = new Map<string, Needed>();
  const start = git("rev-list", "--max-parents=0", "main");
  for (const name of events.flatMap(
    ({ body }) => body.match(/\b[0-9a-f]{40}\b|refs\/ra\/[\w./-]+/g) ?? [],
  )) {
    if (before.has(name)) continue;
    const needed = git("rev-list", "--objects", "--no-object-names", name, `^${start}`).split("\n");
    const made = needed.filter((object) => !before.has(object));
    named.set(name, { commit: git("rev-parse", name), files: new Set(made.flatMap(homes)) });
  }
  const ends = events.filter(({ type }) => type === "attempt.finished");
  const histories = new Map<string, Set<string>>();
  return {
    log: join(gitDir, "ra", "registry.db-wal"),
    told,
    marks: join(gitDir, "ra", "ref-locks."),
    checkout: dir,
    target: join(gitDir, "refs/heads/main"),
    landed: git("diff", "--name-only", start, "main")
      .split("\n")
      .map((path) => join(dir, path)),
    restored: [join(dir, "mine/untracked.txt")],
    workspaces: join(top, "workspaces", readdirSync(join(top, "workspaces"))[0]!, events[0]!.run),
    kept: new Map(ends.map(({ task, body }) => [task, JSON.parse(body).kept as string])),
    named,
    holds(commit, ancestor) {
      const found = histories.get(commit) ?? new Set(git("rev-list", commit).split("\n"));
      histories.set(commit, found);
      return found.has(ancestor);
    },
  };
}

function readEvents(path: string): Logged[] {
  using database = new Database(path, { readonly: true });
  return database.query<Logged, []>("select run, task, type, body from events order by seq").all();
}

function objectsOf({ git }: TestRepository): Set<string> {
  const all = git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)");
  return new Set(all.split("\n"));
}

/** Tells the files that hold an object: its own, or a pack with its index. */
function homesOf({ dir, git }: TestRepository): (id: string) => string[] {
  const store = join(dir, ".git", "objects");
  const packed = new Map<string, string[]>();
  for (const name of readdirSync(join(store, "pack")).filter((each) => each.endsWith(".idx"))) {
    const index = join(store, "pack", name);
    for (const line of git("verify-pack", "-v", index).split("\n")) {
      const id = /^[0-9a-f]{40}(?= )/.exec(line)?.[0];
      if (id !== undefined) packed.set(id, [index, index.replace(/idx$/, "pack")]);
    }
  }
  return (id) => packed.get(id) ?? [join(store, id.slice(0, 2), id.slice(2))];
}
