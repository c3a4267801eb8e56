import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { is } from "valibot";
import type { Event } from "../run/event.ts";
import { eventSchema } from "../run/event-schema.ts";
import { applyEvent, type RunState } from "../run/state.ts";
import { RegistryDatabase, registryPath } from "./database.ts";
import { History } from "./history.ts";
import { Registry } from "./registry.ts";
import { eventOf } from "./rows.ts";
import type { EventsTable } from "./schema.ts";

/** What could be saved of a damaged registry. */
export interface Salvage {
  /** The directory that holds the damaged files, as they were. */
  readonly aside: string;
  /** Runs whose events make sense, in the order of their start. */
  readonly runs: readonly string[];
  /** Runs of which only a part could be read; it is left out. */
  readonly lost: readonly string[];
}

/** The files of a registry: the log of what is not yet in the first may hold facts of its own. */
const suffixes = ["", "-wal", "-shm"];

/**
 * Moves a damaged registry aside and makes a new one of all runs whose events can still be read. Nobody may use the
 * registry meanwhile: who does notices, and stops. The order: copies of the damaged files, then a whole new registry beside them,
 * then the exchange. A crash before that changes nothing. `stamp` names the directory.
 */
export async function salvageRegistry(stateDir: string, stamp: string): Promise<Salvage> {
  const path = registryPath(stateDir);
  const aside = join(stateDir, `damaged-${stamp}`);
  mkdirSync(aside, { recursive: true, mode: 0o700 });
  for (const suffix of suffixes) {
    if (!existsSync(`${path}${suffix}`)) continue;
    writeFileSync(join(aside, `registry.db${suffix}`), readFileSync(`${path}${suffix}`), {
      mode: 0o600,
    });
  }
  const { runs, lost } = sort(readEvents(join(aside, "registry.db")));
  const fresh = join(aside, "new");
  await write(
    fresh,
    [...runs.values()].flat().sort((a, b) => a.seq - b.seq),
  );
  copyRequests(join(aside, "registry.db"), registryPath(fresh));
  for (const suffix of suffixes) rmSync(`${path}${suffix}`, { force: true });
  renameSync(registryPath(fresh), path);
  rmSync(fresh, { recursive: true, force: true });
  return { aside, runs: [...runs.keys()], lost };
}

/** Every event that can be read, by its place in the table alone: an index may be what is damaged. */
function readEvents(path: string): readonly Event[] {
  const found = new Map<number, Event>();
  try {
    using database = new Database(path, { readwrite: true, create: false, strict: true });
    const columns = "select seq, at, run, body from events not indexed";
    const after = database.query<Row, [number]>(`${columns} where seq > ? order by seq limit 1`);
    const before = database.query<Row, [number]>(
      `${columns} where seq < ? order by seq desc limit 1`,
    );
    // A page that cannot be read ends a way, so the table is read from both its ends.
    walk(0, (at) => after.all(at)[0], found);
    walk(Number.MAX_SAFE_INTEGER, (at) => before.all(at)[0], found);
  } catch {
    // Nothing of it can be read, or no more than there is by now.
  }
  return [...found.values()].sort((a, b) => a.seq - b.seq);
}

type Row = Pick<EventsTable, "seq" | "at" | "run" | "body">;

function walk(
  start: number,
  next: (at: number) => Row | undefined,
  found: Map<number, Event>,
): void {
  let at = start;
  try {
    for (;;) {
      const row = next(at);
      if (row === undefined) return;
      at = row.seq;
      if (found.has(at)) return;
      const event = eventIn(row);
      if (event !== null) found.set(at, event);
    }
  } catch {
    // What is left of this way is behind the damage.
  }
}

/** Null for what is no event: bytes may change within a text, so that a key loses its name or a value its kind. */
function eventIn(row: Row): Event | null {
  try {
    const event = eventOf(row);
    return is(eventSchema, event) ? event : null;
  } catch {
    return null;
  }
}

/** The runs whose events fold to a state, and the names of the others. */
function sort(events: readonly Event[]): {
  readonly runs: ReadonlyMap<string, readonly Event[]>;
  readonly lost: readonly string[];
} {
  const runs = new Map<string, readonly Event[]>();
  const lost: string[] = [];
  for (const [run, own] of Map.groupBy(events, ({ run }) => run)) {
    try {
      let state: RunState | undefined;
      // Folded from copies: a fold keeps parts of its events and changes them.
      for (const event of own) state = applyEvent(state, structuredClone(event));
      runs.set(run, own);
    } catch {
      lost.push(run);
    }
  }
  return { runs, lost };
}

/** Writes a registry of these events, numbered anew, with the tables that follow from them. */
async function write(stateDir: string, events: readonly Event[]): Promise<void> {
  rmSync(stateDir, { recursive: true, force: true });
  const database = await RegistryDatabase.open(stateDir);
  try {
    const history = new History(database);
    database.immediate(() => history.insert(events.map((event, i) => ({ ...event, seq: i + 1 }))));
  } finally {
    database.close();
  }
  await using registry = await Registry.open({ stateDir });
  await registry.rebuild();
}

/**
 * Brings over what the gateway was asked for, as far as it can be read. What ran and has no run any more is over: to start it
 * again could do its work twice.
 */
function copyRequests(damaged: string, fresh: string): void {
  try {
    using database = new Database(fresh, { readwrite: true, create: false, strict: true });
    database.query("attach ? as damaged").run(damaged);
    database.run("insert into requests select * from damaged.requests");
    database.run(
      `update requests set status = 'rejected', reason = 'its run was lost with a damaged registry'
       where status = 'running' and run not in (select id from runs)`,
    );
  } catch {
    // An older registry has none, and of a page that cannot be read nothing is known.
  }
}
