import { assert } from "../assert.ts";
import type { Event } from "../run/event.ts";
import type { AttemptState, RunState, TaskState } from "../run/state.ts";
import type { TaskEvent } from "../run/task.ts";
import type { RegistryDatabase } from "./database.ts";
import {
  attemptRow,
  claimRows,
  cooldownRow,
  isListed,
  processRow,
  questionRow,
  runRow,
  taskRow,
} from "./rows.ts";
import { derivedTables, type Tables } from "./schema.ts";
import { replacing, type Statement, statement, type Value } from "./statement.ts";

/** What events changed in one run and the tables do not say yet. */
interface Change {
  readonly state: RunState;
  /** The run's own row. */
  run: boolean;
  /** Every claim and process of the run. */
  holdings: boolean;
  /** What the run knows of each provider. */
  cooldowns: boolean;
  readonly tasks: Set<TaskState>;
  readonly attempts: Map<AttemptState, TaskState>;
  /** Those of the tasks whose claims may be others now. */
  readonly claims: Set<TaskState>;
}

/** What an event of a task changes in the tables. */
type Part = "task" | "attempt" | "claims" | "cooldowns";

/** Rows of attempts bring those of their process and questions along. */
const changedBy: Readonly<Record<TaskEvent["type"], readonly Part[]>> = {
  "task.waiting": ["task"],
  "task.parked": ["task"],
  "task.finished": ["task", "claims"],
  "attempt.started": ["task", "attempt", "claims", "cooldowns"],
  "attempt.finished": ["task", "attempt", "claims", "cooldowns"],
  "process.spawned": ["attempt"],
  "question.asked": ["task", "attempt"],
  "question.answered": ["task", "attempt"],
  "question.withdrawn": ["task", "attempt"],
  "merge.finished": ["task", "attempt"],
  "claim.extended": ["claims"],
  "cooldown.ended": ["cooldowns"],
  // No table tells of these.
  "conflict.foreseen": [],
  "session.opened": [],
};

const puts = new Map<keyof Tables, Statement<unknown, readonly Value[]>>();
const wipes = derivedTables.map((table) => statement((tables) => tables.deleteFrom(table)));
const dropProcesses = statement((tables, run: string) =>
  tables.deleteFrom("processes").where("run", "=", run),
);
const dropClaims = statement((tables, run: string) =>
  tables.deleteFrom("claims").where("run", "=", run),
);
const dropProcess = statement((tables, run: string, task: string, attempt: number) =>
  tables
    .deleteFrom("processes")
    .where("run", "=", run)
    .where("task", "=", task)
    .where("attempt", "=", attempt),
);
const dropClaimsOfTask = statement((tables, run: string, task: string) =>
  tables.deleteFrom("claims").where("run", "=", run).where("task", "=", task),
);

/** Derives the tables from the folds: remembers what events changed, and writes those rows whole when asked. */
export class Projection {
  readonly #database: RegistryDatabase;
  readonly #changes = new Map<string, Change>();

  constructor(database: RegistryDatabase) {
    this.#database = database;
  }

  /** Remembers what an event changed. `state` has it folded in. */
  note(state: RunState, event: Event): void {
    const change = this.#changeOf(state);
    switch (event.type) {
      case "run.started":
      case "run.resumed":
      case "run.landed":
      case "run.reverted":
        noteAll(change);
        return;
      case "run.finished":
        // Publishing may have given commits other ids.
        for (const task of state.tasks.values()) change.tasks.add(task);
        change.run = true;
        change.holdings = true;
        return;
      case "claims.yielded":
        change.run = true;
        change.holdings = true;
        return;
      case "run.paused":
      case "run.continued":
      case "run.cleaned":
      case "request.received":
      case "budget.neared":
      case "budget.reached":
        change.run = true;
        return;
      case "run.held":
      case "run.released":
      case "check.passed":
      case "limit.neared":
      case "limit.reached":
      case "logs.removed":
        // No table tells of these.
        return;
      default:
        noteTask(change, event);
    }
  }

  /** Remembers a whole run, whatever it holds. */
  noteAll(state: RunState): void {
    noteAll(this.#changeOf(state));
  }

  /** True when runs other than this one have changes that are not written. */
  hasChangesBeside(run: string): boolean {
    return this.#changes.size > (this.#changes.has(run) ? 1 : 0);
  }

  /** Writes the rows of everything remembered. Only inside a transaction. */
  write(): void {
    for (const change of this.#changes.values()) this.#writeChange(change);
    this.#changes.clear();
  }

  /** Forgets what is remembered, or only one run's. */
  forget(run?: string): void {
    if (run === undefined) this.#changes.clear();
    else this.#changes.delete(run);
  }

  /** Empties every derived table. Only inside a transaction. */
  wipe(): void {
    for (const wipe of wipes) this.#database.run(wipe);
  }

  /** Inserts a row or replaces the one with its key. Rows of a table always come with the same order of columns. */
  put<T extends keyof Tables>(table: T, row: Tables[T]): void {
    let put = puts.get(table);
    if (put === undefined) {
      put = replacing(table, Object.keys(row));
      puts.set(table, put);
    }
    this.#database.run(put, ...(Object.values(row) as Value[]));
  }

  #changeOf(state: RunState): Change {
    let change = this.#changes.get(state.id);
    if (change === undefined) {
      change = {
        state,
        run: false,
        holdings: false,
        cooldowns: false,
        tasks: new Set(),
        attempts: new Map(),
        claims: new Set(),
      };
      this.#changes.set(state.id, change);
    }
    return change;
  }

  #writeChange({ state, run, holdings, cooldowns, tasks, attempts, claims }: Change): void {
    if (run) this.put("runs", runRow(state));
    // A handful, and most runs have none.
    for (const [provider, record] of cooldowns ? state.providers : []) {
      this.put("cooldowns", cooldownRow(state, provider, record));
    }
    for (const task of tasks) this.put("tasks", taskRow(state, task));
    for (const [attempt, task] of attempts) {
      this.put("attempts", attemptRow(state, task, attempt));
      for (const question of attempt.questions) {
        this.put("questions", questionRow(state, task, attempt, question));
      }
    }
    if (holdings) this.#rewriteHoldings(state);
    else this.#writeHoldings(state, claims, attempts);
  }

  #rewriteHoldings(state: RunState): void {
    this.#database.run(dropProcesses, state.id);
    this.#database.run(dropClaims, state.id);
    if (state.finishedAt !== null) return;
    for (const task of state.tasks.values()) {
      for (const attempt of task.attempts) this.#putProcess(state, task, attempt);
      for (const claim of claimRows(state, task)) this.put("claims", claim);
    }
  }

  #writeHoldings(
    state: RunState,
    claims: ReadonlySet<TaskState>,
    attempts: ReadonlyMap<AttemptState, TaskState>,
  ): void {
    for (const [attempt, task] of attempts) {
      if (isListed(state, attempt)) this.#putProcess(state, task, attempt);
      else if (attempt.process !== null) {
        this.#database.run(dropProcess, state.id, task.task.id, attempt.number);
      }
    }
    for (const task of claims) {
      if (!task.attempts.some(({ touching }) => touching.length > 0)) continue;
      this.#database.run(dropClaimsOfTask, state.id, task.task.id);
      for (const claim of claimRows(state, task)) this.put("claims", claim);
    }
  }

  #putProcess(state: RunState, task: TaskState, attempt: AttemptState): void {
    if (isListed(state, attempt)) this.put("processes", processRow(state, task, attempt));
  }
}

function noteAll(change: Change): void {
  change.run = true;
  change.holdings = true;
  change.cooldowns = true;
  for (const task of change.state.tasks.values()) {
    change.tasks.add(task);
    for (const attempt of task.attempts) change.attempts.set(attempt, task);
  }
}

function noteTask(change: Change, event: TaskEvent): void {
  const task = change.state.tasks.get(event.task);
  assert(task !== undefined, `event ${event.seq} is of a task that its run does not have`);
  const parts = changedBy[event.type];
  if (parts.includes("task")) change.tasks.add(task);
  if (parts.includes("claims")) change.claims.add(task);
  if (parts.includes("cooldowns")) change.cooldowns = true;
  const attempt = "attempt" in event ? task.attempts[event.attempt - 1] : undefined;
  if (attempt !== undefined && parts.includes("attempt")) change.attempts.set(attempt, task);
}
