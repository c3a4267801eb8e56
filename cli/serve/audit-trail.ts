import type { Clock } from "../../core/clock.ts";
import { oneLine } from "../../core/plain-text.ts";
import { type AuditRow, writeAudit } from "../../core/registry/audit.ts";
import type { RegistryDatabase } from "../../core/registry/database.ts";

/** How long lines wait for others, in milliseconds. */
const delayMs = 200;

/** Different lines that may wait; beyond, one line counts the rest. */
const linesMax = 1_000;

/** Longest text from outside in a line, in characters. */
const textMax = 100;

/** What is noted of one who asked. */
export type Visit = Omit<AuditRow, "at" | "count">;

/** Notes everybody who asks, whatever became of it. Equal ones share a line, so that a flood of them is one write. */
export class AuditTrail {
  readonly #database: RegistryDatabase;
  readonly #clock: Clock;
  readonly #onTrouble: (error: unknown) => void;
  readonly #lines = new Map<string, { row: AuditRow; count: number }>();
  #stop: (() => void) | null = null;

  constructor(database: RegistryDatabase, clock: Clock, onTrouble: (error: unknown) => void) {
    this.#database = database;
    this.#clock = clock;
    this.#onTrouble = onTrouble;
  }

  note(visit: Visit): void {
    const cut = shortened(visit);
    const key = JSON.stringify(cut);
    const isOne = this.#lines.has(key) || this.#lines.size < linesMax;
    const line = isOne
      ? cut
      : { ...cut, peer: "", route: "", host: null, origin: null, request: null };
    const place = isOne ? key : JSON.stringify(line);
    const known = this.#lines.get(place);
    if (known !== undefined) known.count += 1;
    else {
      const at = new Date(this.#clock.now()).toISOString();
      this.#lines.set(place, { row: { ...line, at, count: 1 }, count: 1 });
    }
    this.#stop ??= this.#clock.after(delayMs, () => this.flush(), { idle: true });
  }

  /** Writes what waits. What cannot be written goes on waiting. */
  flush(): void {
    this.#stop?.();
    this.#stop = null;
    if (this.#lines.size === 0) return;
    const rows = [...this.#lines.values()].map(({ row, count }) => ({ ...row, count }));
    try {
      writeAudit(this.#database, rows);
      this.#lines.clear();
    } catch (error) {
      this.#onTrouble(error);
    }
  }
}

function shortened(visit: Visit): Visit {
  const { host, origin } = visit;
  return {
    ...visit,
    method: short(visit.method),
    peer: short(visit.peer),
    host: host === null ? null : short(host),
    origin: origin === null ? null : short(origin),
  };
}

function short(text: string): string {
  return oneLine(text).slice(0, textMax);
}
