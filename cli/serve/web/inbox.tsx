import { useEffect, useState } from "preact/hooks";
import type { RunSummary } from "../../../core/registry/query.ts";
import type { PlacedQuestion } from "../../../core/registry/questions.ts";
import type { LiveProcess } from "../../../core/run/model.ts";
import { FailedActions, PausedActions } from "./actions.tsx";
import { Question } from "./question.tsx";
import { ask } from "./session.ts";
import { useNow, useTold } from "./told.ts";
import { ago, Status, statusOf, Trouble } from "./words.tsx";

/** Failed runs that the inbox looks into. */
const failedMax = 20;

const seenKey = "ra.seen";

/** Everything that waits for a person. */
export interface Needs {
  readonly questions: readonly PlacedQuestion[];
  /** Runs that wait between their tasks. */
  readonly paused: readonly RunSummary[];
  /** Runs that ended without all of their work on the target, or broke off. */
  readonly failed: readonly RunSummary[];
  readonly trouble: string | null;
  readonly isKnown: boolean;
}

/** What waits for a person, over all runs. */
export function useNeeds(): Needs {
  const questions = useTold<{ questions: PlacedQuestion[] }>("/api/questions");
  const runs = useTold<{ runs: RunSummary[] }>("/api/runs");
  const all = runs.value?.runs ?? [];
  return {
    questions: questions.value?.questions ?? [],
    paused: all.filter(({ status, driven }) => status === "paused" && driven),
    failed: all.filter(
      ({ status, driven }) => !driven || status === "failed" || status === "interrupted",
    ),
    trouble: (questions.trouble ?? runs.trouble)?.message ?? null,
    isKnown: questions.value !== null && runs.value !== null,
  };
}

/** The start page: what needs you, the most urgent first. */
export function Inbox() {
  const { questions, paused, failed, trouble, isKnown } = useNeeds();
  const [seen, setSeen] = useState(readSeen);
  const now = useNow(questions.length + paused.length > 0);
  const unseen = failed.filter((run) => !seen.includes(endOf(run))).slice(0, failedMax);
  const isEmpty = questions.length + paused.length + unseen.length === 0;
  const see = (run: RunSummary): void => {
    const next = [...seen, endOf(run)].slice(-500);
    localStorage.setItem(seenKey, JSON.stringify(next));
    setSeen(next);
  };
  return (
    <>
      <h1>Inbox</h1>
      {trouble === null ? null : <Trouble>{trouble}</Trouble>}
      {questions.map((question) => (
        <Question key={question.gate} question={question} now={now} />
      ))}
      {paused.map((run) => (
        <article key={run.id} class="card ask" data-item tabIndex={0}>
          <h2>
            <a href={`/r/${run.id}`}>{run.name}</a> waits between its tasks
          </h2>
          <p class="facts">
            {run.id} · began {ago(run.startedAt, now)}
          </p>
          <PausedActions run={run.id} />
        </article>
      ))}
      {unseen.map((run) => (
        <Failed key={endOf(run)} run={run} now={now} onSeen={() => see(run)} />
      ))}
      {isKnown && isEmpty ? <AtWork /> : null}
    </>
  );
}

interface Ended {
  readonly tasks: readonly {
    readonly id: string;
    readonly status: string;
    readonly error: { readonly kind: string; readonly message: string } | null;
  }[];
  readonly published: { readonly keptOn: string | null; readonly reason: string | null } | null;
}

/** A run that ended badly: why first, then what goes on from there. */
function Failed({
  run,
  now,
  onSeen,
}: {
  readonly run: RunSummary;
  readonly now: number;
  readonly onSeen: () => void;
}) {
  const [ended, setEnded] = useState<Ended | null>(null);
  useEffect(() => {
    void ask<Ended>(`/api/runs/${run.id}`).then(setEnded, () => {});
  }, [run.id]);
  const causes = ended?.tasks.filter(({ error }) => error !== null) ?? [];
  const kept = ended?.published?.keptOn ?? null;
  const isOpen = !run.driven || run.status === "interrupted";
  const { error = 0, stopped = 0 } = run.tasks;
  return (
    <article class="card bad" data-item tabIndex={0}>
      <h2>
        <Status of={statusOf(run)} /> <a href={`/r/${run.id}`}>{run.name}</a>
      </h2>
      <p class="facts">
        {run.id} · {ago(run.finishedAt ?? run.startedAt, now)}
      </p>
      <ul>
        {causes.map(({ id, error }) => (
          <li key={id}>
            <a href={`/r/${run.id}/t/${id}`}>{id}</a> {error?.kind}: {error?.message}
          </li>
        ))}
      </ul>
      {kept === null ? null : (
        <p>
          What it made waits on <code>{kept}</code>: {ended?.published?.reason}
        </p>
      )}
      <FailedActions
        run={run.id}
        isOpen={isOpen}
        isFailed={error > 0 || (stopped > 0 && !isOpen)}
        isKept={kept !== null}
      />
      <p class="actions">
        <code>ra why {run.id}</code>
        <button type="button" onClick={onSeen}>
          Seen
        </button>
      </p>
    </article>
  );
}

/** Nothing needs you: this is what runs meanwhile. */
function AtWork() {
  const { value } = useTold<{ processes: LiveProcess[] }>("/api/processes");
  const processes = value?.processes ?? [];
  const now = useNow(processes.length > 0);
  return (
    <div class="empty">
      <p>Nothing needs you.</p>
      {processes.map(({ id, run, taskId, task, status, startedAt }) => (
        <p key={id}>
          <Status of={status} /> <a href={`/r/${run}/t/${taskId}`}>{task}</a> began{" "}
          {ago(startedAt, now)}
        </p>
      ))}
    </div>
  );
}

/** What is seen: a run that was tried anew and failed again is to be seen again. */
function endOf({ id, finishedAt }: RunSummary): string {
  return `${id} ${finishedAt ?? ""}`;
}

function readSeen(): readonly string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(seenKey) ?? "[]");
    return Array.isArray(list) ? list.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}
