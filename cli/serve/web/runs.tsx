import { useState } from "preact/hooks";
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

/** The runs of this repository, the newest first, and above them what waits to become one. */
export function Runs() {
  const { value, trouble } = useTold<{ runs: RunSummary[] }>("/api/runs");
  const queue = useTold<{ requests: Waiting[] }>("/api/queue");
  const [words, setWords] = useState("");
  const [status, setStatus] = useState("");
  const waiting = queue.value?.requests.filter(({ status }) => status === "queued") ?? [];
  const wanted = words.toLowerCase().split(/\s+/);
  const all = value?.runs ?? [];
  // One that is chosen stays to be seen when its last run has left it.
  const statuses = [...new Set([...all.map(statusOf), ...(status === "" ? [] : [status])])].sort();
  const shown = all.filter((run) => {
    if (status !== "" && statusOf(run) !== status) return false;
    const text = `${run.id} ${run.name} ${statusOf(run)} ${run.planPath ?? ""}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
  const now = useNow(shown.some(({ finishedAt }) => finishedAt === null));
  return (
    <>
      <h1>Runs</h1>
      <p class="filters">
        <select
          aria-label="state"
          value={status}
          onChange={({ currentTarget }) => setStatus(currentTarget.value)}
        >
          <option value="">any state</option>
          {statuses.map((one) => (
            <option key={one} value={one}>
              {one.replace("-", " ")}
            </option>
          ))}
        </select>
        <input
          type="search"
          placeholder="name, id or plan"
          aria-label="filter"
          value={words}
          onInput={({ currentTarget }) => setWords(currentTarget.value)}
        />
      </p>
      {trouble === null ? null : <Trouble>{trouble.message}</Trouble>}
      {waiting.map((request) => (
        <Queued key={request.id} request={request} now={now} />
      ))}
      <ul class="rows">
        {shown.map((run) => (
          <li key={run.id}>
            <a class="row" href={`/r/${run.id}`} data-item>
              <Status of={statusOf(run)} />
              <b>{run.name}</b>
              <span>{run.id}</span>
              <span title="done of all tasks">{countsOf(run.tasks)}</span>
              <span>{between(run.startedAt, run.finishedAt, now)}</span>
              <span>{ago(run.startedAt, now)}</span>
            </a>
          </li>
        ))}
      </ul>
      {value !== null && shown.length === 0 ? <p class="empty">There is no such run.</p> : null}
    </>
  );
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
