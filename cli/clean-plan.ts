import type { RunState } from "../core/run/state.ts";
import type {
  RemainingPath,
  RemainingRef,
  RemainKind,
  Remains,
} from "../core/workspace/remains.ts";

/** One thing that is left over, and whether `ra clean` takes it away. */
export interface CleanItem {
  readonly run: string | null;
  readonly task: string | null;
  readonly kind: RemainKind | "result" | "own git" | "base" | "chain" | "branch";
  /** Paths or refs, whichever it consists of. */
  readonly names: readonly string[];
  readonly bytes: number;
  readonly goes: boolean;
  /** True: it holds, or may hold, work that is on no target. */
  readonly unlanded: boolean;
  /** Why it goes or stays. */
  readonly reason: string;
  readonly path: RemainingPath | null;
  readonly refs: readonly RemainingRef[];
}

/** What is known of a run that has left something. */
export interface KnownRun {
  /** Undefined: the registry does not know it. */
  readonly state: RunState | undefined;
  /** True while somebody drives it. */
  readonly live: boolean;
  /** The tasks whose work is in the history of the target now. */
  readonly landed: ReadonlySet<string>;
}

/** What a person named on the command line. */
export interface Named {
  readonly run: string;
  readonly task: string | null;
}

/** The parts of one decision: goes or not, and why. */
interface Verdict {
  readonly goes: boolean;
  readonly unlanded: boolean;
  readonly reason: string;
}

/**
 * Decides for everything that is left over whether it goes. Nothing of a live run goes, and no work that is on no
 * target unless its run or task is named. With a name, only what belongs to it is listed.
 */
export function planCleaning(
  remains: Remains,
  runs: ReadonlyMap<string, KnownRun>,
  named: Named | null,
): readonly CleanItem[] {
  const items = [...runs].flatMap(([run, known]) => {
    if (named !== null && named.run !== run) return [];
    const paths = remains.paths.filter((path) => path.run === run);
    const refs = remains.refs.filter((ref) => ref.run === run);
    return itemsOfRun({ run, known, paths, refs, named });
  });
  return named === null ? [...items, ...unowned(remains, runs)] : items;
}

interface RunRemains {
  readonly run: string;
  readonly known: KnownRun;
  readonly paths: readonly RemainingPath[];
  readonly refs: readonly RemainingRef[];
  readonly named: Named | null;
}

function itemsOfRun(of: RunRemains): CleanItem[] {
  const { named } = of;
  const isAsked = (task: string | null): boolean =>
    named !== null && (named.task === null || named.task === task);
  const listed = named === null ? () => true : isAsked;
  const directories = of.paths
    .filter(({ kind }) => kind === "workspace" || kind === "scratch" || kind === "leftover")
    .map((path) => pathItem(path, directoryVerdict(of, path, isAsked(path.task))));
  const staying = directories.filter(({ goes }) => !goes);
  const results = resultItems(of, staying, isAsked);
  const branches = of.refs
    .filter(({ kind }) => kind === "branch")
    .map((ref) => refItem("branch", [ref], branchVerdict(of, ref)));
  const rest = restItems(of, [...directories, ...results, ...branches], isAsked);
  return [...directories, ...results, ...branches, ...rest].filter(({ task }) => listed(task));
}

function directoryVerdict(
  { run, known }: RunRemains,
  path: RemainingPath,
  asked: boolean,
): Verdict {
  const open = openVerdict(run, known, asked);
  if (open !== null) return { ...open, unlanded: path.open };
  if (path.kind === "scratch") return goes("a check used it");
  if (!path.open) return goes("its attempt gave it up");
  const what =
    path.kind === "leftover"
      ? "set aside, as it may hold work that no commit has"
      : "never given up: it may hold work that no commit has";
  return { goes: asked, unlanded: true, reason: what };
}

/** What holds for all of a run that has not ended; null when it has, or was named to be ended. */
function openVerdict(run: string, known: KnownRun, asked: boolean): Verdict | null {
  if (known.live) return stays("the run is at work");
  if (known.state === undefined && !asked) return stays("the registry does not know its run");
  if (known.state !== undefined && known.state.finishedAt === null && !asked)
    return stays(`the run can go on: ra resume ${run}`);
  return null;
}

/** The results of each task together, and apart from them what only its agent's git held. */
function resultItems(
  of: RunRemains,
  staying: readonly CleanItem[],
  isAsked: (task: string | null) => boolean,
): CleanItem[] {
  const ofTasks = of.refs.filter(({ task }) => task !== null);
  return [...Map.groupBy(ofTasks, ({ task }) => task as string)].flatMap(([task, refs]) => {
    const held = staying.some((item) => item.task === task);
    return (["result", "own", "base"] as const).flatMap((kind) => {
      const some = refs.filter((ref) => ref.kind === kind);
      if (some.length === 0) return [];
      const verdict = resultVerdict(of, { task, kind, held, asked: isAsked(task) });
      return [refItem(kind === "own" ? "own git" : kind, some, verdict)];
    });
  });
}

function resultVerdict(
  { run, known }: RunRemains,
  at: {
    readonly task: string;
    readonly kind: "result" | "own" | "base";
    /** True: a directory of the task stays. */
    readonly held: boolean;
    readonly asked: boolean;
  },
): Verdict {
  const { task, kind, held, asked } = at;
  const state = known.state?.tasks.get(task);
  const landed = known.landed.has(task);
  const unlanded = kind === "own" || (kind === "result" && !landed);
  const open = openVerdict(run, known, asked);
  if (open !== null) return { ...open, unlanded };
  if (state?.discarded) return { goes: true, unlanded, reason: "it was discarded before" };
  if (held && !asked) return { ...stays("a directory that stays borrows its objects"), unlanded };
  if (kind === "base") return goes("its attempt is over");
  if (kind === "own")
    return { goes: asked, unlanded, reason: "what stood beside the files; it never lands" };
  if (landed) return goes(`it is on ${known.state?.target}`);
  const why =
    state === undefined ? "the registry does not know its run" : `not landed: ${endOf(state)}`;
  return { goes: asked, unlanded, reason: why };
}

function endOf({ status, error }: { status: string; error: { kind: string } | null }): string {
  return error === null ? status : error.kind;
}

function branchVerdict({ run, known, refs, named }: RunRemains, branch: RemainingRef): Verdict {
  const { state } = known;
  const asked = named !== null && named.task === null;
  const open = openVerdict(run, known, asked);
  if (open !== null) return { ...open, unlanded: true };
  const put = [
    state?.published?.to,
    refs.find(({ ref }) => ref === `refs/ra/${run}/_kept`)?.commit,
  ];
  if (!put.includes(branch.commit)) return stays("it holds more than ra put there");
  const waiting = [...(state?.tasks.values() ?? [])].filter(({ status }) => status === "done");
  const unlanded = !waiting.every(({ task }) => known.landed.has(task.id));
  if (state?.discardedBranch === branchName(branch))
    return { goes: true, unlanded, reason: "it was discarded before" };
  const reason = unlanded ? "it holds what could not land" : "a branch goes only with its run";
  return { goes: asked, unlanded, reason };
}

/** Name of a branch as people write it. */
export function branchName({ ref }: RemainingRef): string {
  return ref.replace(/^refs\/heads\//, "");
}

/** Logs, indexes and the run's own refs go last, when nothing of the run waits any more. */
function restItems(
  of: RunRemains,
  before: readonly CleanItem[],
  isAsked: (task: string | null) => boolean,
): CleanItem[] {
  const { run, known, paths, refs } = of;
  const waits = before.some((item) => !item.goes);
  const verdict = (asked: boolean): Verdict => {
    const open = openVerdict(run, known, asked);
    if (open !== null) return open;
    if (asked) return goes("it was named");
    return waits ? stays("something of its run stays") : goes("nothing of its run waits");
  };
  const logs = paths
    .filter(({ kind }) => kind === "logs")
    .map((path) => pathItem(path, verdict(isAsked(path.task))));
  // Small, many and of no interest by themselves.
  const indexes = paths
    .filter(({ kind }) => kind === "index")
    .map((path) => pathItem(path, indexVerdict(path, before, verdict(isAsked(path.task)))));
  const chain = refs.filter(({ kind }) => kind === "chain");
  // Directories that stay may borrow objects that only these refs keep.
  const whole = waits ? stays("something of its run stays") : verdict(isAsked(null));
  return [...logs, ...indexes, ...(chain.length === 0 ? [] : [refItem("chain", chain, whole)])];
}

/** The index of a workspace says that it was never given up, so it stays as long as the workspace. */
function indexVerdict(
  path: RemainingPath,
  before: readonly CleanItem[],
  verdict: Verdict,
): Verdict {
  const held = before.some(
    ({ kind, task, goes }) => kind === "workspace" && task === path.task && !goes,
  );
  return held ? stays("its workspace stays") : verdict;
}

/** What belongs to no run: merges that nobody kept, and what was given up already. */
function unowned({ paths }: Remains, runs: ReadonlyMap<string, KnownRun>): CleanItem[] {
  const busy = [...runs.values()].some(({ live }) => live);
  return paths
    .filter(({ run }) => run === null)
    .map((path) => {
      if (path.kind === "leftover")
        return pathItem(path, { ...stays("of no run"), unlanded: true });
      if (path.kind === "quarantine") return pathItem(path, goes("its process is gone"));
      return pathItem(path, busy ? stays("a run is at work") : goes("it was given up"));
    });
}

function pathItem(path: RemainingPath, verdict: Verdict): CleanItem {
  const { kind, run, task, bytes } = path;
  return { run, task, kind, names: [path.path], bytes, ...verdict, path, refs: [] };
}

function refItem(
  kind: CleanItem["kind"],
  refs: readonly RemainingRef[],
  verdict: Verdict,
): CleanItem {
  const { run = null, task = null } = refs[0] ?? {};
  const names = refs.map(({ ref }) => ref);
  return { run, task, kind, names, bytes: 0, ...verdict, path: null, refs };
}

function goes(reason: string): Verdict {
  return { goes: true, unlanded: false, reason };
}

function stays(reason: string): Verdict {
  return { goes: false, unlanded: false, reason };
}
