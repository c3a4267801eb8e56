import { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import type { RaChild } from "./world.ts";

/** Whose registry it is. */
interface Registered {
  /** The registry's file. */
  readonly registry: string;
}

/** When a process is killed. */
export type KillPoint =
  /** Inside the transaction that adds this event, before it is committed. */
  | { readonly kind: "before"; readonly seq: number }
  /** As soon as the event can be read, about a millisecond after its commit. */
  | { readonly kind: "after"; readonly seq: number }
  /** So many milliseconds after the start. */
  | { readonly kind: "at"; readonly ms: number };

/** Bytes that the trap writes, far more than SQLite keeps in memory: the file tells that the trap is reached. */
const weightBytes = 16_000_000;
const isSprungBytes = 9_000_000;

/**
 * Makes the registry stop whoever adds an event with this `seq`, in the middle of the transaction: a trigger writes a
 * weight into the WAL, which tells us, and then counts for longer than any test.
 */
export function setTrap({ registry }: Registered, seq: number): void {
  using database = new Database(registry, { readwrite: true });
  database.run("pragma busy_timeout = 5000");
  database.run("create table if not exists torture (weight blob)");
  database.run(`create trigger torture_trap before insert on events when new.seq = ${seq} begin
    insert into torture values (zeroblob(${weightBytes}));
    delete from torture where (with recursive c(x) as (select 1 union all select x + 1 from c where x < 1e12)
      select count(*) from c) = 0;
  end`);
}

/** Takes the trap away, and whatever a transaction left of it. */
export function removeTrap({ registry }: Registered): void {
  using database = new Database(registry, { readwrite: true });
  database.run("pragma busy_timeout = 5000");
  database.run("drop trigger if exists torture_trap");
  database.run("drop table if exists torture");
}

/** Kills a process at a point. Resolves when it has ended, by itself or not: false when it came to its end before. */
export async function killAt(
  world: Registered,
  child: Pick<RaChild, "ended" | "kill">,
  point: KillPoint,
): Promise<boolean> {
  let isOver = false;
  const ended = child.ended.then((code) => {
    isOver = true;
    return code;
  });
  await reached(world, point, () => isOver);
  if (isOver) return false;
  child.kill();
  return (await ended) === null;
}

async function reached(world: Registered, point: KillPoint, isOver: () => boolean): Promise<void> {
  if (point.kind === "at") {
    const until = performance.now() + point.ms;
    while (!isOver() && performance.now() < until) await Bun.sleep(1);
    return;
  }
  if (point.kind === "before") {
    const wal = `${world.registry}-wal`;
    const size = (): number => statSync(wal, { throwIfNoEntry: false })?.size ?? 0;
    while (!isOver() && size() < isSprungBytes) await Bun.sleep(1);
    return;
  }
  using database = new Database(world.registry, { readonly: true });
  const newest = database.query<{ seq: number | null }, []>("select max(seq) seq from events");
  while (!isOver() && (newest.get()?.seq ?? 0) < point.seq) await Bun.sleep(1);
}
