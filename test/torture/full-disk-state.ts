import { Database } from "bun:sqlite";
import {
  closeSync,
  cpSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Event } from "../../core/run/event.ts";
import type { Outcome } from "../../core/run/model.ts";
import { raBinary } from "../support/binary.ts";
import { writeUserConfig } from "../support/user-config.ts";
import { type LoopDisk, makeLoopDisk } from "./loop-disk.ts";
import { judge } from "./oracle.ts";
import { type LoggedEvent, makeWorld, type RaChild, readLog, type World } from "./world.ts";

/** A disk that is nearly full. */
export interface FullDisk {
  readonly blockBytes: number;
  /** Bytes that are left, but for what a block holds more. */
  readonly freeBytes: number;
  /** False: the ballast of the registry is gone already, as after an earlier full disk. */
  readonly ballast: boolean;
  /** True: the registry was closed in good order, so that its log and the index of that must be made anew. */
  readonly closed: boolean;
}

/** What came of one nearly full disk. */
export interface FullDiskOutcome {
  readonly wrong: readonly string[];
  /** How many bytes were free in fact. */
  readonly freeBytes: number;
  /** Whether the run that met the full disk went on by itself when there was room again. */
  readonly wentOn: boolean;
  /** How many successes were not believed. */
  readonly disbelieved: number;
  /** What SQLite as it is came to with the registry on the full disk; null when it could read it. */
  readonly plain: string | null;
}

const megabytes = 128;
/** Below this no attempt starts in these runs; the ballast of a registry needs 64 MB free. */
const config = "disk: { free: 24MB }\n";
const journals = ["verified", "removed", "overlaps"];
const resumesMax = 4;
const commandMaxMs = 30_000;
const patienceMs = 60_000;

/** A run that broke off in the middle, on a disk; made once for many states. */
export class BrokenOffRun implements Disposable {
  readonly world: World;
  readonly #top: string;
  readonly #disk: LoopDisk;

  private constructor(world: World, top: string, disk: LoopDisk) {
    this.world = world;
    this.#top = top;
    this.#disk = disk;
  }

  static async make(top: string, blockBytes: number): Promise<BrokenOffRun> {
    mkdirSync(top, { recursive: true });
    const disk = makeLoopDisk(top, { megabytes, blockBytes });
    try {
      return await BrokenOffRun.#make(top, disk);
    } catch (error) {
      disk[Symbol.dispose]();
      throw error;
    }
  }

  static async #make(top: string, disk: LoopDisk): Promise<BrokenOffRun> {
    for (const name of ["project", "home"]) {
      mkdirSync(join(disk.path, name));
      symlinkSync(join("disk", name), join(top, name));
    }
    const world = await makeWorld(top);
    writeUserConfig(join(top, "home", "config"), config);
    const child = await world.ra("dispatch", join(top, "plan.json"));
    await until(() => existsSync(world.registry) && readLog(world).length >= 40);
    child.kill();
    await child.ended;
    await endAll(world);
    const run = new BrokenOffRun(world, top, disk);
    await run.#disk.restart();
    mkdirSync(join(top, "kept"));
    for (const name of ["disk.img", ...journals]) copy(join(top, name), join(top, "kept", name));
    return run;
  }

  /** Goes through one state; the run is what it was when it broke off before each. */
  async meet(state: FullDisk): Promise<FullDiskOutcome> {
    const { world } = this;
    const wrong: string[] = [];
    await this.#disk.replace(join(this.#top, "kept", "disk.img"));
    for (const name of journals) copy(join(this.#top, "kept", name), join(this.#top, name));
    rmSync(join(this.#top, "live"), { recursive: true, force: true });
    mkdirSync(join(this.#top, "live"));
    if (!state.ballast) rmSync(join(world.project, ".git", "ra", "ballast"), { force: true });
    const log = readLog(world).length;
    if (state.closed) closeRegistry(world);
    const freeBytes = this.#fill(state.freeBytes);
    for (const args of [
      ["ps", "--all"],
      ["ps", "--json"],
      ["show", "@last"],
      ["stop", "@last"],
    ]) {
      wrong.push(...(await judged(world, args, args[0] === "stop" ? [2, 6] : [0])));
    }
    const driver = await world.ra("resume");
    const told = await Promise.race([driver.ended, Bun.sleep(700).then(() => "waits" as const)]);
    if (told !== "waits")
      wrong.push(`resume on the full disk came to ${told}: ${await driver.said()}`);
    wrong.push(...(await judged(world, ["ps"], [0])));
    this.#makeRoom();
    await until(() => eventsOf(world) > log + 3 || !isAlive(driver));
    this.#fill(state.freeBytes);
    for (const args of [
      ["ps", "--json"],
      ["show", "@last"],
    ]) {
      wrong.push(...(await judged(world, args, [0])));
    }
    await Promise.race([driver.ended, Bun.sleep(300)]);
    this.#makeRoom();
    wrong.push(...(await this.#toItsEnd(driver)));
    const code = await driver.ended;
    if (code !== 0 && code !== 6) wrong.push(`the run that met the full disk came to ${code}`);
    await endAll(world);
    // Before the registry is closed for good: whoever reads its log makes the index of that anew.
    const disbelieved = readLog(world).filter(isDisbelieved).length;
    closeRegistry(world);
    this.#fill(state.freeBytes);
    return { wrong, freeBytes, wentOn: code === 0, disbelieved, plain: plainRead(world) };
  }

  async #toItsEnd(driver: RaChild): Promise<string[]> {
    const { world } = this;
    const limit = setTimeout(() => driver.kill(), patienceMs);
    let code = await driver.ended;
    let said = await driver.said();
    clearTimeout(limit);
    for (let lives = 1; lives < resumesMax && code !== 0; lives++) {
      const child = await world.ra("resume");
      code = await child.ended;
      said = await child.said();
    }
    if (code !== 0) return [`the last of ${resumesMax} lives came to ${code}: ${said}`];
    // A workspace whose files could not all be written is kept for a person to look at.
    return judge(world, new Map()).filter(
      (what) => !what.startsWith("INV-9: workspaces/leftovers"),
    );
  }

  /** Leaves so many bytes free. Gives how many are. */
  #fill(bytes: number): number {
    const handle = openSync(join(this.#disk.path, "filler"), "a");
    try {
      for (let size = 1 << 20; size >= 512; ) {
        if (this.#disk.freeBytes() - size < bytes) size /= 2;
        else if (!wrote(handle, size)) break;
      }
    } finally {
      closeSync(handle);
    }
    return this.#disk.freeBytes();
  }

  #makeRoom(): void {
    rmSync(join(this.#disk.path, "filler"), { force: true });
  }

  [Symbol.dispose](): void {
    this.#disk[Symbol.dispose]();
  }
}

function wrote(handle: number, size: number): boolean {
  try {
    writeSync(handle, new Uint8Array(size).fill(1));
    // Only what is allocated counts against what others may still write.
    fsyncSync(handle);
    return true;
  } catch {
    return false;
  }
}

/** Runs a command: it ends with one of these codes, and says what to do when it cannot do its work. */
async function judged(
  world: World,
  args: readonly string[],
  codes: readonly number[],
): Promise<string[]> {
  const done = Bun.spawnSync([await raBinary(), ...args], {
    cwd: world.project,
    env: world.env,
    stdin: "ignore",
    timeout: commandMaxMs,
  });
  const what = `\`ra ${args.join(" ")}\``;
  const said = done.stderr.toString();
  if (done.signalCode) return [`${what} died of ${done.signalCode}: ${said}`];
  if (!codes.includes(done.exitCode)) return [`${what} came to ${done.exitCode}: ${said}`];
  if (done.exitCode !== 0 && said.trim().split("\n").length < 2) {
    return [`${what} failed without a word of what to do: ${said}`];
  }
  if (done.exitCode === 0 && !done.stdout.toString().includes("reference")) {
    return [`${what} shows no run: ${done.stdout.toString()}`];
  }
  return [];
}

/** Whoever closes a registry last takes its log and the index of that away; those that may only read cannot. */
function closeRegistry({ registry }: World): void {
  const database = new Database(registry, { readwrite: true });
  database.query("select count(*) from events").all();
  database.close();
}

/** The control: a process that opens the registry without any care. */
function plainRead({ registry, env }: World): string | null {
  const script = `const { Database } = require("bun:sqlite");
    const database = new Database(process.argv[1], { readwrite: true });
    database.query("select count(*) from events").all();
    const { user_version } = database.query("pragma user_version").get();
    try { database.run("pragma user_version = " + user_version); } catch {}
    process.kill(process.pid, "SIGKILL");`;
  const argv = [process.execPath, "-e", script, registry];
  const done = Bun.spawnSync(argv, { env, stdin: "ignore" });
  if (done.signalCode === "SIGKILL") return null;
  return String(done.signalCode ?? `exit ${done.exitCode}`);
}

/** How long the log is; 0 while the registry is being opened by another, which keeps it locked. */
function eventsOf(world: World): number {
  try {
    return readLog(world).length;
  } catch {
    return 0;
  }
}

function isDisbelieved({ type, body }: LoggedEvent): boolean {
  const { outcome } = body as { readonly outcome?: Outcome };
  return (
    type === ("attempt.finished" satisfies Event["type"]) &&
    outcome?.kind === "disk-full" &&
    outcome.message.startsWith("it ended well")
  );
}

function copy(from: string, to: string): void {
  if (existsSync(from)) cpSync(from, to);
  else rmSync(to, { force: true });
}

function isAlive({ pid }: RaChild): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error("it does not come");
    await Bun.sleep(5);
  }
}

async function endAll(world: World): Promise<void> {
  while (world.living().size > 0) {
    for (const pid of world.living().keys()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // Gone meanwhile.
      }
    }
    await Bun.sleep(5);
  }
}
