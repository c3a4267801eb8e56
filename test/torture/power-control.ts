import { Database } from "bun:sqlite";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeLoopDisk } from "./loop-disk.ts";

/**
 * The control: a commit by git as it is, told of by a flushed registry, and then the cut. True when the commit that was
 * told of is not there, so that the cut takes what is not flushed.
 */
export async function controlIsDamaged(top: string): Promise<boolean> {
  mkdirSync(top, { recursive: true });
  using disk = makeLoopDisk(top, { megabytes: 64 });
  const env = { PATH: process.env.PATH ?? "", HOME: top, GIT_CONFIG_NOSYSTEM: "1" };
  const git = (...args: readonly string[]): string | null => {
    const who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
    const done = Bun.spawnSync(["git", ...who, ...args], { cwd: disk.path, env, stdin: "ignore" });
    return done.exitCode === 0 ? done.stdout.toString().trim() : null;
  };
  git("init", "--quiet");
  {
    using registry = new Database(join(disk.path, "registry.db"));
    registry.run("pragma journal_mode = wal");
    registry.run("pragma synchronous = full");
    registry.run("create table told (id text)");
    Bun.spawnSync(["sync"]);
    await Bun.write(join(disk.path, "file"), "work\n");
    git("add", "file");
    git("commit", "--quiet", "--message", "work");
    registry.run("insert into told values (?)", [git("rev-parse", "HEAD")]);
    disk.cut();
  }
  await disk.restart();
  using registry = new Database(join(disk.path, "registry.db"));
  const told = registry.query<{ id: string }, []>("select id from told").all()[0]?.id ?? null;
  return told !== null && git("rev-list", "--objects", told) === null;
}

/** What became of rows that SQLite had flushed and a program had told of, by when it told. */
export interface ToldRows {
  readonly before: number;
  readonly lostBefore: number;
  /** Told while the disk was shut down. */
  readonly late: number;
  readonly lostLate: number;
}

/** This many rows are told before the power is cut: then the next one is most likely being flushed. */
const rowsMin = 12;

/**
 * The other control: SQLite by itself writes and flushes rows, each is told of, and the power is cut. Rows told before are
 * there, or the disk would forget what was flushed.
 */
export async function cutTeller(top: string): Promise<ToldRows> {
  mkdirSync(top, { recursive: true });
  using disk = makeLoopDisk(top, { megabytes: 32 });
  const [registry, told] = [join(disk.path, "registry.db"), join(top, "told")];
  const lines = (): number => readFileSync(told, "utf8").split("\n").length - 1;
  writeFileSync(told, "");
  const teller = Bun.spawn([process.execPath, join(import.meta.dir, "teller.ts"), registry], {
    stdin: "ignore",
    stdout: Bun.file(told),
    stderr: "ignore",
  });
  while (lines() < rowsMin && teller.exitCode === null) await Bun.sleep(1);
  const before = lines();
  disk.cut();
  // It ends by itself when its disk is gone.
  await teller.exited;
  const late = lines() - before;
  await disk.restart();
  using database = new Database(registry);
  const kept =
    database.query<{ rows: number }, []>("select count(*) rows from told").all()[0]?.rows ?? 0;
  return {
    ...{ before, late },
    lostBefore: Math.max(0, before - kept),
    lostLate: Math.min(late, Math.max(0, before + late - kept)),
  };
}
