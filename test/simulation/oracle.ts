import type { Event } from "../../core/run/event.ts";
import { judgeRequests } from "./oracle-requests.ts";
import { judgeSessions } from "./oracle-sessions.ts";
import type { Outside } from "./outside.ts";
import { type Commit, difference, trailersOf } from "./store.ts";

type Log = readonly Event[];

/** What must not be once everything has come to its end. Asks the log's table, the refs, the disk and the processes. */
export function judge(world: Outside): string[] {
  const rows = world.memory.query<{ seq: number; at: string; run: string; body: string }, []>(
    "select seq, at, run, body from events order by seq",
  );
  const log = rows
    .all()
    .map(({ seq, at, run, body }) => ({ v: 1, seq, at, run, ...JSON.parse(body) }) as Event);
  return [
    ...world.wrong,
    ...judgeResults(world, log),
    ...judgeTarget(world, log),
    ...judgeOrder(world, log),
    ...judgeClaims(world, log),
    ...judgeTries(world, log),
    ...judgeRequests(world, log),
    ...judgeSessions(world, log),
    ...judgeLeavings(world),
    ...judgeLog(world, log),
  ];
}

/** INV-1: what was recorded as kept, and what stood in a workspace when its `ra` was killed, is there. */
function judgeResults({ store, dirtyTexts, leftovers }: Outside, log: Log): string[] {
  const wrong: string[] = [];
  const reachable = new Set<string>();
  for (const { value } of store.refs.values()) {
    for (const { id } of store.history(value)) {
      if (reachable.has(id)) break;
      reachable.add(id);
    }
  }
  for (const event of log) {
    if (event.type !== "attempt.finished" || event.kept === null) continue;
    const { run, task, attempt, kept } = event;
    if (!reachable.has(kept)) wrong.push(`INV-1: what ${run}/${task}/${attempt} kept is lost`);
  }
  if (dirtyTexts.size === 0) return wrong;
  const texts = new Set(leftovers.flatMap(({ files }) => [...files.values()]));
  for (const id of reachable) for (const text of store.filesOf(id).values()) texts.add(text);
  for (const text of dirtyTexts) if (!texts.has(text)) wrong.push(`INV-1: ${text} is lost`);
  return wrong;
}

/** INV-2 to 5 and 13: every move of the target that `ra` made, and what it holds at the end. */
function judgeTarget(world: Outside, log: Log): string[] {
  const { store, verified, checkout } = world;
  const wrong: string[] = [];
  for (const { from, to, by } of store.moves) {
    if (by === "user" || from === null || to === null) continue;
    if (!store.isAncestor(from, to)) wrong.push(`INV-2: the target went from ${from} to ${to}`);
    for (const commit of store.history(to)) {
      if (commit.id === from) break;
      wrong.push(...judgeCommit(world, log, commit));
    }
    const run = trailersOf(store.get(to).message)?.run ?? "";
    const check = world.plans.get(run)?.tasks[0]?.verify ?? null;
    if (check !== null && !verified.has(`${check} ${store.get(to).tree}`)) {
      wrong.push(`INV-2: the tree of ${to} was never checked`);
    }
  }
  const tip = store.ref("refs/heads/main");
  const seen = new Set<string>();
  for (const { message } of store.history(tip)) {
    const trailers = trailersOf(message);
    if (trailers === null) continue;
    const name = `${trailers.run}/${trailers.task}`;
    if (seen.has(name)) wrong.push(`INV-3: ${name} is on the target twice`);
    seen.add(name);
  }
  if (!world.hasRewound) {
    const last = store.moves.findLast(({ by }) => by === "user")?.to;
    if (last && !store.isAncestor(last, tip as string))
      wrong.push("INV-13: the user's commits are gone");
    for (const event of log) {
      if (event.type !== "run.finished" || event.published === null) continue;
      const { keptOn, to } = event.published;
      if (keptOn === null && !store.isAncestor(to, tip as string))
        wrong.push("INV-3: what was published is gone");
      if (event.published.keptOn !== null) continue;
      for (const { id, status, commit } of event.tasks) {
        const name = `${event.run}/${id}`;
        if (status === "done" && commit !== null && !seen.has(name)) {
          wrong.push(`INV-3: ${name} is done and not on the target`);
        }
      }
    }
  }
  const differs = difference(store.filesOf(tip as string), checkout.files);
  if (differs.length > 0) wrong.push(`INV-13: the checkout differs in ${differs[0]?.path}`);
  return wrong;
}

/** INV-4 and 5: a commit changes what its result changed, from the recorded base, and nothing else. */
function judgeCommit({ store }: Outside, log: Log, commit: Commit): string[] {
  const trailers = trailersOf(commit.message);
  if (trailers === null || commit.parent === null) return [`INV-2: ${commit.id} is of nobody`];
  const { run, task, attempt } = trailers;
  const name = `${run}/${task}/${attempt}`;
  const kept = log.findLast(
    (event) =>
      event.type === "attempt.finished" &&
      event.run === run &&
      event.task === task &&
      event.attempt === attempt,
  );
  const result = kept?.type === "attempt.finished" ? kept.kept : null;
  if (result === null) return [`INV-1: ${name} landed and is not recorded`];
  const { parent } = store.get(result);
  const [base, theirs] = [store.filesOf(parent as string), store.filesOf(result)];
  const [before, after] = [store.filesOf(commit.parent), store.filesOf(commit.id)];
  const wrong: string[] = [];
  for (const path of new Set([
    ...base.keys(),
    ...theirs.keys(),
    ...before.keys(),
    ...after.keys(),
  ])) {
    const [b, t, o, n] = [base.get(path), theirs.get(path), before.get(path), after.get(path)];
    if (b === t && n !== o) wrong.push(`INV-5: ${name} changes ${path}, which its result did not`);
    if (b !== t && o === b && n !== t) wrong.push(`INV-4: ${name} does not bring its ${path}`);
  }
  return wrong;
}

/** INV-6, 7 and 14: attempts do not overlap, come after what they need and on it, and all comes to an end. */
function judgeOrder(world: Outside, log: Log): string[] {
  const wrong: string[] = [];
  const done = new Map<string, string | null>();
  const open = new Set<string>();
  /** Tasks whose last result is recorded and has neither landed nor been refused. */
  const waits = new Set<string>();
  for (const event of log) {
    if (event.type === "run.resumed")
      for (const name of open) if (name.startsWith(event.run)) open.delete(name);
    if (!("task" in event) || event.task === undefined) continue;
    const name = `${event.run}/${event.task}`;
    if (event.type === "attempt.started") {
      if (open.has(name)) wrong.push(`INV-6: event ${event.seq} starts ${name} while it runs`);
      open.add(name);
      if (waits.has(name)) wrong.push(`INV-3: event ${event.seq} works ${name} out a second time`);
      const task = world.plans.get(event.run)?.tasks.find(({ id }) => id === event.task);
      for (const dep of task?.deps ?? []) {
        if (!done.has(`${event.run}/${dep}`)) wrong.push(`INV-7: ${name} starts before ${dep}`);
      }
    }
    if (event.type === "attempt.finished") {
      open.delete(name);
      if (event.outcome.kind === "succeeded" && event.kept !== null) waits.add(name);
    }
    if (event.type === "merge.finished" || event.type === "task.finished") waits.delete(name);
    if (event.type !== "task.finished" || event.status !== "done") continue;
    if (done.has(name)) wrong.push(`INV-3: event ${event.seq} ends ${name} a second time`);
    done.set(name, event.commit);
  }
  if (!world.hasRewound) {
    for (const { run, task, base } of world.starts) {
      const deps = world.plans.get(run)?.tasks.find(({ id }) => id === task)?.deps ?? [];
      const held = new Set<string>();
      for (const { message } of world.store.history(base))
        held.add(trailersOf(message)?.task ?? "");
      for (const dep of deps) {
        const isThere = held.has(dep) || (done.get(`${run}/${dep}`) ?? null) === null;
        if (base !== null && !isThere) wrong.push(`INV-7: ${run}/${task} works without ${dep}`);
      }
    }
  }
  for (const run of world.plans.keys()) {
    const own = log.filter((event) => event.run === run);
    const end = own.findLast(({ type }) => type === "run.finished");
    if (end?.type !== "run.finished") wrong.push(`INV-14: ${run} has no end`);
    else if (end.exitCode === 0 && end.tasks.some(({ status }) => status !== "done")) {
      wrong.push(`INV-11: ${run} ends with 0 and is not done`);
    }
  }
  return wrong;
}

/** INV-8: whoever starts claims nothing that another holds. */
function judgeClaims(world: Outside, log: Log): string[] {
  const wrong: string[] = [];
  const held = new Map<string, { run: string; globs: readonly string[]; isWork: boolean }>();
  const drop = (run: string, which: (claim: { isWork: boolean }) => boolean = () => true): void => {
    for (const [name, claim] of held) if (claim.run === run && which(claim)) held.delete(name);
  };
  for (const event of log) {
    const { run, type } = event;
    if (type === "run.finished") drop(run);
    if (type === "run.resumed" || type === "claims.yielded")
      drop(run, ({ isWork }) => isWork === (type === "run.resumed"));
    if (!("task" in event) || event.task === undefined) continue;
    const name = `${run}/${event.task}`;
    if (type === "attempt.started") {
      for (const [other, claim] of held) {
        // What has landed keeps only other runs back, and a dead owner nobody.
        const counts =
          claim.run === run
            ? claim.isWork
            : world.kills === 0 &&
              !world.habits.takeover &&
              world.counts.get("exit.error") === undefined;
        const met = event.touching.find((glob) => claim.globs.includes(glob));
        if (other !== name && counts && met)
          wrong.push(`INV-8: event ${event.seq}: ${name} and ${other} both claim ${met}`);
      }
      held.set(name, { run, globs: event.touching, isWork: true });
    }
    const claim = held.get(name);
    if (claim === undefined) continue;
    if (type === "task.parked") held.delete(name);
    if (type === "attempt.finished" && event.kept === null) held.delete(name);
    if (type === "attempt.finished" && !["succeeded", "unchanged"].includes(event.outcome.kind))
      held.delete(name);
    if (type === "task.finished") {
      if (event.status === "done" && event.commit !== null) claim.isWork = false;
      else held.delete(name);
    }
  }
  return wrong;
}

/** INV-16: a task is tried as often as its plan says, no more and no less. */
function judgeTries(world: Outside, log: Log): string[] {
  const wrong: string[] = [];
  const lives = new Map<string, { counted: number; conflicts: number; resolving: boolean }>();
  for (const event of log) {
    if (event.type === "run.resumed")
      for (const name of lives.keys()) if (name.startsWith(event.run)) lives.delete(name);
    if (!("task" in event) || event.task === undefined) continue;
    const name = `${event.run}/${event.task}`;
    const life = lives.get(name) ?? { counted: 0, conflicts: 0, resolving: false };
    lives.set(name, life);
    if (event.type === "attempt.started") life.resolving = event.resolves !== undefined;
    if (
      event.type === "attempt.finished" &&
      event.outcome.kind !== "rate-limited" &&
      event.outcome.kind !== "lost"
    )
      life.counted += 1;
    if (event.type === "merge.finished" && event.landing.kind === "conflicted") life.conflicts += 1;
    const retries =
      world.plans.get(event.run)?.tasks.find(({ id }) => id === event.task)?.retries.max ?? 0;
    if (life.counted > retries + 1 + life.conflicts)
      wrong.push(`INV-16: ${name} is tried ${life.counted} times`);
    if (event.type !== "task.finished" || event.status !== "error" || life.resolving) continue;
    const isOfWork = ["failed", "crashed", "timeout", "no-change"].includes(
      event.error?.kind ?? "",
    );
    if (isOfWork && life.counted <= retries)
      wrong.push(`INV-16: ${name} is given up after ${life.counted} of ${retries + 1} tries`);
  }
  return wrong;
}

/** INV-9: nothing is left of a run that is over but what it is to keep. */
function judgeLeavings(world: Outside): string[] {
  const { programs, disk, scratch, store, checkout } = world;
  const wrong = programs.living(() => true).map(({ mark }) => `INV-9: ${mark} lives`);
  // An owner that woke after it had lost its run may have left something behind: nothing of it was recorded.
  if (world.counts.has("fault.takeover")) return wrong;
  for (const path of disk.keys()) wrong.push(`INV-9: ${path} stands`);
  for (const path of scratch.keys()) wrong.push(`INV-9: ${path} stands`);
  // A disk that failed may have kept something from being removed.
  if (world.counts.has("fault.EIO") || world.counts.has("fault.ENOSPC")) return wrong;
  for (const [ref, { value }] of store.refs)
    if (ref.endsWith(".base") && value !== null) wrong.push(`INV-9: ${ref}`);
  if (checkout.landing !== null) wrong.push("INV-9: a landing is half done");
  return wrong;
}

/** INV-10 and 11: the log has no gap, and every fact that somebody was told of. */
function judgeLog({ told }: Outside, log: Log): string[] {
  const wrong: string[] = [];
  const gap = log.findIndex(({ seq }, i) => seq !== i + 1);
  if (gap >= 0) wrong.push(`INV-10: event ${gap + 1} has number ${log[gap]?.seq}`);
  for (const { seq, type, run } of told) {
    const event = log[seq - 1];
    if (event?.type !== type || event.run !== run)
      wrong.push(`INV-11: fact ${seq} (${type}) was told and is gone`);
  }
  return wrong;
}
