import { RaError } from "../error.ts";
import type { Finding, Outcome, Usage } from "../run/model.ts";
import type { Repository, Snapshot, Workspace } from "../workspace/workspace.ts";
import type { AttemptRequest, AttemptSurroundings } from "./attempt-request.ts";
import { captureWork, findingsIn } from "./capture.ts";
import { Drive } from "./drive.ts";
import { messageOf, withoutSecrets } from "./end-words.ts";

/** How a try ended. `close` gives the workspace up and is called once the facts are recorded. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly usage: Usage | null;
  readonly durationMs: number;
  readonly snapshot: Snapshot | null;
  /** The commit the snapshot is to be merged from: the recorded base of the workspace. */
  readonly base: string | null;
  readonly notes: readonly string[];
  /** What a person should look at in what was left, whatever the outcome. */
  readonly findings: readonly Finding[];
  /** In place only: puts the checkout back when the result did not land. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** Runs one attempt to its end: workspace, agent, snapshot. Never throws: whatever goes wrong is the outcome. */
export async function runAttempt(
  request: AttemptRequest,
  around: AttemptSurroundings,
  cancel: AbortSignal,
): Promise<AttemptEnd> {
  const { clock } = around.machine;
  const started = clock.monotonic();
  const durationMs = (): number => Math.round(clock.monotonic() - started);
  let workspace: Workspace | null = null;
  try {
    workspace = await openWorkspace(request, around.repository);
    const drive = new Drive(request, around, workspace, cancel);
    const { outcome, usage } = await drive.run();
    const took = durationMs();
    const name = `${request.run}/${request.task.id}/${request.number}`;
    const captured = await captureWork(name, workspace, outcome);
    const from = request.onto ?? workspace?.base ?? null;
    const findings = await findingsIn(captured.snapshot, from, around.repository);
    const lastWords = captured.outcome.kind === "unchanged" ? drive.lastWords : [];
    const notes = [...drive.notes, ...(captured.snapshot?.notes ?? []), ...lastWords];
    const open = workspace;
    return {
      ...withoutSecrets({ ...captured, notes, findings }, request.recording.redactor),
      base: workspace?.base ?? null,
      usage,
      durationMs: took,
      restore: async () => open?.restore(),
      close: async () => open?.close(),
    };
  } catch (error) {
    const told = messageOf(error);
    const message = request.recording.redactor?.text(told) ?? told;
    // Its workspace was set aside whole; another try would only be one more.
    const isTooLarge = error instanceof RaError && error.code === "RESULT_TOO_LARGE";
    const outcome = isTooLarge
      ? ({ kind: "failed", message, final: true } as const)
      : ({ kind: "crashed", message } as const);
    return failedAttempt(outcome, durationMs());
  }
}

/** The end of an attempt that has no workspace to give up, or whose workspace is the only copy of the work. */
export function failedAttempt(outcome: Outcome, durationMs: number): AttemptEnd {
  const nothing = async (): Promise<void> => {};
  const empty = { usage: null, snapshot: null, base: null, notes: [], findings: [] };
  return { outcome, durationMs, ...empty, restore: nothing, close: nothing };
}

async function openWorkspace(
  request: AttemptRequest,
  repository: Repository | null,
): Promise<Workspace | null> {
  const { run, task, number, isolation, base } = request;
  if (isolation === "none" || repository === null || base === null) return null;
  const { id, keep } = task;
  const lasting = task.continueSession ? { lasting: true } : {};
  return repository.open({ run, task: id, attempt: number, isolation, base, keep, ...lasting });
}
