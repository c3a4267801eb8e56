import { useEffect, useState } from "preact/hooks";
import type { RunSummary } from "../../../core/registry/query.ts";
import { ask } from "./session.ts";
import { useAct, useNow, useTold } from "./told.ts";
import { ago, between, countsOf, Status, statusOf, Trouble } from "./words.tsx";

interface Waiting {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly source: string;
  readonly acceptedAt: string;
}

/** A run in the list, with the agents that have worked on it. */
interface ListedRun extends RunSummary {
  readonly runners: readonly string[];
}

interface Page {
  readonly runs: readonly ListedRun[];
  /** The run behind which there are more; null: there are none. */
  readonly next: string | null;
}

const nothing: Page = { runs: [], next: null };

/** The newest runs as they are now, and those behind them as far as they were asked for. */
function useRuns() {
  const { value, trouble } = useTold<Page>("/api/runs");
  const [older, setOlder] = useState<Page | null>(null);
  const { busy, said, act } = useAct();
  const newest = value ?? nothing;
  const { next } = older ?? newest;
  const more = (): void =>
    act(async () => {
      const page = await ask<Page>(`/api/runs?before=${next}`);
      // What was the newest then is kept: new runs may push it out of what is told as such.
      setOlder((last) => ({ ...page, runs: [...(last ?? newest).runs, ...page.runs] }));
      return null;
    });
  const fresh = new Set(newest.runs.map(({ id }) => id));
  const rest = older?.runs.filter(({ id }) => !fresh.has(id)) ?? [];
  const all = [...newest.runs, ...rest];
  return { all, next, more, busy, isKnown: value !== null, trouble: trouble?.message ?? said };
}

/** What of the runs is shown. */
interface Wish {
  readonly status: string;
  readonly agent: string;
  /** `2026-11-26`, as it is where the page is. */
  readonly day: string;
  readonly words: string;
}

function isWanted(run: ListedRun, { status, agent, day, words }: Wish): boolean {
  if (status !== "" && statusOf(run) !== status) return false;
  if (agent !== "" && !run.runners.includes(agent)) return false;
  if (day !== "" && dayOf(run.startedAt) !== day) return false;
  const text = `${run.id} ${run.name} ${statusOf(run)} ${run.planPath ?? ""}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** The runs of this repository, the newest first, and above them what waits to become one. */
export function Runs() {
  const { all, next, more, busy, isKnown, trouble } = useRuns();
  const queue = useTold<{ requests: Waiting[] }>("/api/queue");
  const [wish, setWish] = useState<Wish>({ status: "", agent: "", day: "", words: "" });
  const waiting = queue.value?.requests.filter(({ status }) => status === "queued") ?? [];
  const shown = all.filter((run) => isWanted(run, wish));
  const oldest = all.at(-1);
  const isBehind = wish.day !== "" && oldest !== undefined && dayOf(oldest.startedAt) >= wish.day;
  // The runs of a day are shown with all that there are of it.
  useEffect(() => {
    if (isBehind && next !== null) more();
  }, [isBehind, next]);
  const now = useNow(shown.some(({ finishedAt }) => finishedAt === null));
  return (
    <>
      <h1>Runs</h1>
      <Filters all={all} wish={wish} onWish={(part) => setWish({ ...wish, ...part })} />
      {trouble === null ? null : <Trouble>{trouble}</Trouble>}
      {waiting.map((request) => (
        <Queued key={request.id} request={request} now={now} />
      ))}
      <ul class="rows">
        {shown.map((run) => (
          <Row key={run.id} run={run} now={now} />
        ))}
      </ul>
      {isKnown && shown.length === 0 ? (
        <p class="empty">
          {next === null ? "There is no such run." : `There is none in the newest ${all.length}.`}
        </p>
      ) : null}
      {next === null ? null : (
        <button type="button" disabled={busy} onClick={more}>
          Show older
        </button>
      )}
    </>
  );
}

function Filters({
  all,
  wish: { status, agent, day, words },
  onWish,
}: {
  readonly all: readonly ListedRun[];
  readonly wish: Wish;
  readonly onWish: (part: Partial<Wish>) => void;
}) {
  return (
    <p class="filters">
      <Choice
        name="state"
        of={all.map(statusOf)}
        chosen={status}
        shownAs={(one) => one.replace("-", " ")}
        onChange={(text) => onWish({ status: text })}
      />
      <Choice
        name="agent"
        of={all.flatMap(({ runners }) => runners)}
        chosen={agent}
        onChange={(text) => onWish({ agent: text })}
      />
      <input
        type="date"
        aria-label="day"
        value={day}
        onInput={({ currentTarget }) => onWish({ day: currentTarget.value })}
      />
      <input
        type="search"
        placeholder="name, id or plan"
        aria-label="filter"
        value={words}
        onInput={({ currentTarget }) => onWish({ words: currentTarget.value })}
      />
    </p>
  );
}

/** One of what there is, or any. */
function Choice({
  name,
  of,
  chosen,
  shownAs = (one) => one,
  onChange,
}: {
  readonly name: string;
  readonly of: readonly string[];
  readonly chosen: string;
  readonly shownAs?: (one: string) => string;
  readonly onChange: (chosen: string) => void;
}) {
  // One that is chosen stays to be seen when its last run has left it.
  const all = [...new Set([...of, ...(chosen === "" ? [] : [chosen])])].sort();
  return (
    <select
      aria-label={name}
      value={chosen}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    >
      <option value="">any {name}</option>
      {all.map((one) => (
        <option key={one} value={one}>
          {shownAs(one)}
        </option>
      ))}
    </select>
  );
}

function Row({ run, now }: { readonly run: ListedRun; readonly now: number }) {
  const { id, name, tasks, startedAt, finishedAt, runners } = run;
  return (
    <li>
      <a class="row" href={`/r/${id}`} data-item title={runners.join(", ")}>
        <Status of={statusOf(run)} />
        <b>{name}</b>
        <span>{id}</span>
        <span title="done of all tasks">{countsOf(tasks)}</span>
        <span>{between(startedAt, finishedAt, now)}</span>
        <span>{ago(startedAt, now)}</span>
      </a>
    </li>
  );
}

/** The day of a time, where the page is. */
function dayOf(at: string): string {
  const time = new Date(at);
  const [month, day] = [time.getMonth() + 1, time.getDate()].map((n) => `${n}`.padStart(2, "0"));
  return `${time.getFullYear()}-${month}-${day}`;
}

function Queued({ request, now }: { readonly request: Waiting; readonly now: number }) {
  const { busy, said, act } = useAct();
  const { id, name, source, acceptedAt } = request;
  return (
    <p class="row">
      <Status of="queued" /> <b>{name}</b>
      <span>
        by {source}, {ago(acceptedAt, now)}
      </span>
      <button
        type="button"
        disabled={busy}
        onClick={() =>
          act(() => ask(`/api/requests/${id}/cancel`, {}).then(() => "It is cancelled."))
        }
      >
        Cancel
      </button>
      {said}
    </p>
  );
}
