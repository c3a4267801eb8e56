import { Database, type Statement as Prepared, SQLiteError } from "bun:sqlite";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Kysely } from "kysely";
import { assert } from "../assert.ts";
import { type Living, livingHere } from "../process/living.ts";
import { registryFormat } from "./format.ts";
import { fillIndex, hasRoom, makeRoom } from "./headroom.ts";
import { readImage } from "./image.ts";
import type { Tables } from "./schema.ts";
import type { Statement, Value } from "./statement.ts";
import { environmentError, openingTrouble, registryFull, registryTrouble } from "./trouble.ts";

/** The registry's file in a state directory. */
export function registryPath(stateDir: string): string {
  return join(stateDir, "registry.db");
}

/** What a registry is opened for. `look`: on a full disk an image of it in memory will do, which cannot be written. */
export type Access = "write" | "look";

/**
 * The connection. Statements run at once rather than through Kysely's promises, because a transaction that awaits would
 * let other statements of this process in between.
 */
export class RegistryDatabase {
  readonly path: string;
  /** Tells which owners and processes that it names are alive. */
  readonly living: Living;
  readonly #connection: Database;
  readonly #prepared = new Map<Statement<never, never>, Prepared<unknown, Value[]>>();
  #kysely: Kysely<Tables> | null = null;
  /** Null for a database that is in memory. */
  readonly #inode: number | null;
  /** True: the disk is full, and this is what the registry held when it was opened. Nothing can be written. */
  readonly isImage: boolean;
  /** Changes when another connection has written. */
  #version: number;
  #letGo = (): void => {};

  private constructor(
    path: string | null,
    connection: Database,
    { living = livingHere, isImage = false }: { living?: Living; isImage?: boolean } = {},
  ) {
    this.isImage = isImage;
    this.path = path ?? ":memory:";
    this.living = living;
    this.#connection = connection;
    this.#inode = path === null ? null : statSync(path).ino;
    this.#version = pragma(connection, "data_version");
  }

  /** For migrations: statements that change the tables. */
  async kysely(): Promise<Kysely<Tables>> {
    if (this.#kysely === null) {
      const { kyselyOver } = await import("./dialect.ts");
      this.#kysely = kyselyOver(this.#connection);
    }
    return this.#kysely;
  }

  /** Opens the registry, creating it where there is none. `busyMs`: how long a writer waits for another. Throws `RaError` (exit 6). */
  static async open(
    stateDir: string,
    busyMs = 5_000,
    access: Access = "write",
  ): Promise<RegistryDatabase> {
    const path = registryPath(stateDir);
    const isLook = access === "look" && existsSync(path);
    let connection: Database | undefined;
    try {
      if (isLook && !hasRoom(stateDir)) return await RegistryDatabase.#openImage(path);
      if (!(isLook || makeRoom(stateDir))) throw registryFull(path);
      createPrivate(stateDir, path);
      connection = connect(path, busyMs);
      const database = new RegistryDatabase(path, connection);
      await database.#bringUpToDate();
      database.#letGo = await fillIndex(path);
      return database;
    } catch (cause) {
      connection?.close();
      throw openingTrouble(cause, path);
    }
  }

  static async #openImage(path: string): Promise<RegistryDatabase> {
    const image = readImage(path);
    if (image === null) throw registryFull(path);
    const connection = Database.deserialize(image, { strict: true });
    const database = new RegistryDatabase(path, connection, { isImage: true });
    await database.#bringUpToDate();
    return database;
  }

  /** On a connection to a database in memory that is up to date; whoever opened it closes it. */
  static on(connection: Database, living: Living): RegistryDatabase {
    return new RegistryDatabase(null, connection, { living });
  }

  /** Runs a statement now and gives its rows. */
  all<Row, Values extends readonly Value[]>(
    statement: Statement<Row, Values>,
    ...values: Values
  ): Row[] {
    try {
      return this.#prepare(statement).all(...statement.bind(values)) as Row[];
    } catch (cause) {
      throw registryTrouble(cause, this.path);
    }
  }

  /** Runs a statement that gives no rows. */
  run<Values extends readonly Value[]>(
    statement: Statement<unknown, Values>,
    ...values: Values
  ): void {
    try {
      this.#prepare(statement).run(...statement.bind(values));
    } catch (cause) {
      throw registryTrouble(cause, this.path);
    }
  }

  /** What the connection itself keeps are the first twenty. */
  #prepare(statement: Statement<unknown, never>): Prepared<unknown, Value[]> {
    let prepared = this.#prepared.get(statement);
    if (prepared === undefined) {
      prepared = this.#connection.prepare<unknown, Value[]>(statement.text);
      this.#prepared.set(statement, prepared);
    }
    return prepared;
  }

  /** Runs `work` in one immediate transaction: no other process writes meanwhile. A throw rolls back. */
  immediate<T>(work: () => T): T {
    assert(!this.#connection.inTransaction, "transactions of the registry do not nest");
    this.#mustStandStill();
    if (this.isImage) throw registryFull(this.path);
    try {
      this.#connection.query("begin immediate").run();
      const result = work();
      this.#connection.query("commit").run();
      return result;
    } catch (cause) {
      // A full disk or a failing one makes SQLite roll back by itself.
      if (this.#connection.inTransaction) this.#connection.run("rollback");
      throw registryTrouble(cause, this.path);
    }
  }

  /** True when another connection has written since the last time that this was asked. */
  changed(): boolean {
    const before = this.#version;
    this.#version = pragma(this.#connection, "data_version");
    return this.#version !== before;
  }

  close(): void {
    // With a statement left, SQLite would keep the file open and locked.
    for (const prepared of this.#prepared.values()) prepared.finalize();
    this.#prepared.clear();
    this.#connection.close();
    this.#letGo();
  }

  async #bringUpToDate(): Promise<void> {
    const format = pragma(this.#connection, "user_version");
    if (format > registryFormat) {
      throw environmentError(
        "REGISTRY_NEWER",
        `the registry has format ${format}, and this \`ra\` reads up to ${registryFormat} (\`${this.path}\`)`,
        "update `ra` to the version that wrote it",
      );
    }
    if (format === registryFormat) return;
    const { migrate } = await import("./migrations.ts");
    await migrate((await this.kysely()) as unknown as Kysely<never>);
  }

  /** Facts written to a file that has been deleted or replaced would be gone without a word. */
  #mustStandStill(): void {
    if (this.#inode === null) return;
    if (statSync(this.path, { throwIfNoEntry: false })?.ino === this.#inode) return;
    throw environmentError(
      "REGISTRY_GONE",
      `the registry was deleted or replaced while in use (\`${this.path}\`)`,
      "start the command again, and `ra resume RUN` for what was running",
    );
  }
}

function connect(path: string, busyMs: number): Database {
  const connection = new Database(path, { readwrite: true, create: false, strict: true });
  try {
    // First of all: switching to WAL needs the lock already.
    connection.run(`pragma busy_timeout = ${busyMs}`);
    switchToWal(connection, busyMs);
    connection.run("pragma synchronous = full");
    connection.run("pragma foreign_keys = on");
    mustBeSound(connection);
    return connection;
  } catch (cause) {
    connection.close();
    throw cause;
  }
}

/** Two that switch a new file at once may each be in the other's way: SQLite then refuses one without waiting. */
function switchToWal(connection: Database, busyMs: number): void {
  const deadline = performance.now() + busyMs;
  for (;;) {
    try {
      connection.run("pragma journal_mode = wal");
      return;
    } catch (cause) {
      const isBusy = cause instanceof SQLiteError && cause.code === "SQLITE_BUSY";
      if (!isBusy || performance.now() > deadline) throw cause;
      Bun.sleepSync(Math.ceil(Math.random() * 5));
    }
  }
}

/** Before 3.51.3 a checkpoint could, in rare races of two processes, damage a database in WAL mode. */
function mustBeSound(connection: Database): void {
  const [row] = connection.query<{ version: string }, []>("select sqlite_version() version").all();
  const version = row?.version ?? "";
  if (Bun.semver.order(version, "3.51.3") >= 0) return;
  throw environmentError(
    "REGISTRY_SQLITE_OLD",
    `SQLite ${version} is too old, 3.51.3 or later is needed`,
    "use the released `ra` binary, which brings its own",
  );
}

function createPrivate(stateDir: string, path: string): void {
  // SQLite flushes the directory of the registry, and not what names that.
  if (mkdirSync(stateDir, { recursive: true, mode: 0o700 }) !== undefined) flushName(stateDir);
  // To close a file lets go of all locks that this process has on it, those of SQLite included.
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
  restrict(stateDir, 0o700);
  restrict(path, 0o600);
}

function flushName(path: string): void {
  const handle = openSync(dirname(path), "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function restrict(path: string, mode: number): void {
  if ((statSync(path).mode & 0o777 & ~mode) !== 0) chmodSync(path, mode);
}

function pragma(connection: Database, name: "data_version" | "user_version"): number {
  const [row] = connection.query<Record<string, number>, []>(`pragma ${name}`).all();
  return row?.[name] ?? 0;
}
