import { unreachable } from "../assert.ts";
import type { ChangedPath, Conflicted, Repository } from "../workspace/workspace.ts";
import { type AttemptEnd, failedAttempt } from "./attempt.ts";
import type { Clash } from "./clash.ts";
import { type LostLine, lostLines, type MergedTexts, normalLine } from "./line-account.ts";
import { listed } from "./scope.ts";

/** A conflict that an agent is at work on. */
export type OpenConflict = Extract<Conflicted, { kind: "conflict" }>;

/**
 * Lets an agent resolve a conflict: `attempt` runs it on a commit that holds the conflict. The end is that of an attempt
 * that started on `tip`. Throws `RaError` when git fails.
 */
export async function resolve(
  resolution: Resolution,
  labels: { readonly ours: string; readonly theirs: string },
  attempt: (base: string, conflict: OpenConflict) => Promise<AttemptEnd>,
): Promise<AttemptEnd> {
  const { repository, clash, tip } = resolution;
  const { base, commit: theirs } = clash;
  const conflict = await repository.conflicted({ base, ours: tip, theirs, labels });
  switch (conflict.kind) {
    case "clean":
      return unneeded(resolution);
    case "undecidable": {
      const message = `no agent can resolve it in files: ${conflict.reason}`;
      return failedAttempt({ kind: "failed", message }, 0);
    }
    case "conflict":
      return judged(await attempt(conflict.commit, conflict), conflict, resolution);
    default:
      return unreachable(conflict);
  }
}

/** What the judgement of an answer needs. */
export interface Resolution {
  readonly repository: Repository;
  /** The ref that keeps what the attempt leaves. */
  readonly ref: string;
  readonly clash: Clash;
  /** The commit the answer is to land on. */
  readonly tip: string;
  /** True for a path that the task claims. */
  readonly covers: (path: string) => boolean;
}

/**
 * Turns the end of an attempt at a conflict into that of one that started on `tip`: a result when the answer is
 * accepted, else a failure that says why. What is not accepted stays at `ref` as the agent left it.
 */
async function judged(
  end: AttemptEnd,
  conflict: OpenConflict,
  resolution: Resolution,
): Promise<AttemptEnd> {
  const { repository, ref, tip } = resolution;
  if (end.outcome.kind === "unchanged") return refused(end, "the conflict was left as it was");
  if (end.outcome.kind !== "succeeded" || end.snapshot === null) return end;
  const answer = end.snapshot;
  const judgement = await judge(answer, conflict, resolution);
  if ("complaint" in judgement) return refused(end, judgement.complaint);
  const without = [conflict.ledger];
  const commit = await repository.replant({ commit: answer.commit, parent: tip, without });
  await repository.pin(ref, commit);
  const [tree, changes] = await Promise.all([
    repository.tree(commit),
    repository.changes(tip, commit),
  ]);
  const unchanged = changes.length === 0;
  return {
    ...end,
    outcome: { kind: "succeeded", commit },
    snapshot: { commit, tree, unchanged, changes, notes: answer.notes },
    base: tip,
    notes: [...end.notes, ...judgement.notes],
  };
}

/** The end of an attempt that found its conflict gone: the result as it was, ready to be merged again. */
async function unneeded(resolution: Resolution): Promise<AttemptEnd> {
  const { repository, ref, clash } = resolution;
  const { base, commit } = clash;
  await repository.pin(ref, commit);
  const [tree, changes] = await Promise.all([
    repository.tree(commit),
    repository.changes(base, commit),
  ]);
  return {
    outcome: { kind: "succeeded", commit },
    usage: null,
    durationMs: 0,
    snapshot: { commit, tree, unchanged: false, changes, notes: [] },
    base,
    notes: ["the conflict was gone when it was to be resolved"],
    findings: [],
    restore: async () => {},
    close: async () => {},
  };
}

function refused(end: AttemptEnd, message: string): AttemptEnd {
  return { ...end, outcome: { kind: "failed", message } };
}

interface Answer {
  readonly commit: string;
  readonly changes: readonly ChangedPath[];
}

type Judgement = { readonly complaint: string } | { readonly notes: readonly string[] };

async function judge(
  answer: Answer,
  conflict: OpenConflict,
  resolution: Resolution,
): Promise<Judgement> {
  const { repository, clash } = resolution;
  const own = await repository.changes(clash.base, clash.commit);
  const complaint = strayPaths(answer, conflict, own, resolution) ?? undecided(answer, conflict);
  if (complaint !== null) return { complaint };
  const texts = await readTexts(answer, conflict, resolution);
  const marked = texts.filter(holdsMarkers).map(({ path }) => path);
  if (marked.length > 0) return { complaint: `conflict markers are left in ${listed(marked)}` };
  const ledger = await repository.texts(answer.commit, [conflict.ledger]);
  const declared = new Set((ledger.get(conflict.ledger) ?? "").split("\n").map(normalLine));
  const lost = lostLines(texts);
  const undeclared = lost.filter(({ line }) => !declared.has(line));
  if (undeclared.length > 0) {
    const lines = listed(undeclared.map(lineText));
    return { complaint: `lines are gone that \`${conflict.ledger}\` does not name: ${lines}` };
  }
  return { notes: [...decisions(conflict), ...lost.map((line) => `dropped ${lineText(line)}`)] };
}

/** It may change what conflicts, and what its task changed or claims; nothing else. */
function strayPaths(
  { changes }: Answer,
  { paths, ledger }: OpenConflict,
  own: readonly ChangedPath[],
  { covers }: Resolution,
): string | null {
  const allowed = new Set([ledger, ...own.map(({ path }) => path)]);
  for (const { path, sides } of paths) for (const each of [path, ...sides]) allowed.add(each);
  const strays = changes
    .map(({ path }) => path)
    .filter((path) => !allowed.has(path) && !covers(path));
  return strays.length === 0 ? null : `paths were changed beside the conflict: ${listed(strays)}`;
}

/** A conflict without markers is decided once the files that hold its sides are gone. */
function undecided({ changes }: Answer, { paths }: OpenConflict): string | null {
  const gone = new Set(changes.flatMap(({ path, change }) => (change === "deleted" ? [path] : [])));
  const open = paths.flatMap(({ sides }) => sides).filter((side) => !gone.has(side));
  return open.length === 0 ? null : `no decision was made on ${listed(open)}`;
}

/** All sides of a path that conflicted or was changed. */
interface Texts extends MergedTexts {
  /** Markers of lines stood in the file that the agent was given. */
  readonly wasMarked: boolean;
}

async function readTexts(
  answer: Answer,
  { paths, ledger }: OpenConflict,
  { repository, clash, tip }: Resolution,
): Promise<readonly Texts[]> {
  const conflicting = new Set(paths.flatMap(({ path, sides }) => [path, ...sides]));
  const beside = answer.changes
    .map(({ path }) => path)
    .filter((path) => path !== ledger && !conflicting.has(path));
  const [result, base, ours, theirs] = await Promise.all([
    repository.texts(answer.commit, [...beside, ...paths.map(({ path }) => path)]),
    repository.texts(clash.base, beside),
    repository.texts(tip, beside),
    repository.texts(clash.commit, beside),
  ]);
  const inConflict = paths.map(({ path, sides, ...texts }) => ({
    ...texts,
    path,
    result: result.get(path) ?? null,
    wasMarked: sides.length === 0,
  }));
  const others = beside.map((path) => ({
    path,
    base: base.get(path) ?? null,
    ours: ours.get(path) ?? null,
    theirs: theirs.get(path) ?? null,
    result: result.get(path) ?? null,
    wasMarked: false,
  }));
  return [...inConflict, ...others];
}

/** Lines that look like markers are none when a side had them, as in a file about conflicts. */
function holdsMarkers({ ours, theirs, result, wasMarked }: Texts): boolean {
  const known = new Set([ours, theirs].flatMap((text) => linesOf(text)));
  const marker = wasMarked ? /^(?:[<>|]{7,}(?: |$)|={7,}$)/ : /^[<>|]{7,} /;
  return linesOf(result).some((line) => marker.test(line) && !known.has(line));
}

function linesOf(text: string | null): string[] {
  return (text ?? "").split("\n").map((line) => line.replace(/\r$/, ""));
}

function decisions({ paths }: OpenConflict): string[] {
  const decided = paths.filter(({ sides }) => sides.length > 0).map(({ path }) => path);
  return decided.length === 0 ? [] : [`the agent chose what becomes of ${listed(decided)}`];
}

/** Characters of a line that are shown. */
const lineMax = 200;

function lineText({ path, line, side }: LostLine): string {
  const whose = side === "ours" ? "what had landed" : "the task";
  return `\`${line.slice(0, lineMax)}\` of ${whose} in ${path}`;
}
