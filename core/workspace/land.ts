import { rm } from "node:fs/promises";
import { assert } from "../assert.ts";
import type { Captured } from "../process.ts";
import { busyReason, type Checkout, inCheckout, isHeld, listCheckouts } from "./checkout.ts";
import { copyIndex, flushPaths } from "./durable.ts";
import { filterRisk } from "./filter-risk.ts";
import type { Identity } from "./identity.ts";
import { indexLock, indexVersion, type LockedIndex, lockIndex } from "./index-lock.ts";
import { overlapOf } from "./overlap.ts";
import { modesOf } from "./path-modes.ts";
import type { Site } from "./site.ts";
import { createFiles, holds, indexInfo, takeBackFiles, writeIndex } from "./standing-files.ts";
import { diffRevisions, type TreeEntryChange } from "./tree-diff.ts";
import { inLandingTurn } from "./turn.ts";
import { bringBackLanding } from "./unfinished-landing.ts";
import type { Publication } from "./workspace.ts";

/** How long another git may keep the index of a checkout locked, in milliseconds. */
const indexPatienceMs = 2_000;

/** A move of a branch, forward along its own history. */
export interface Move {
  /** Short name of a local branch. */
  readonly target: string;
  readonly from: string;
  readonly to: string;
  /** The checkout of the branch is expected to hold the files of `to` already. */
  readonly inPlace?: boolean;
}

/**
 * Moves a branch by compare-and-swap; where it is checked out, the files go first and the branch after
 * them. What the user has not committed stays as it is, and where the move would meet it nothing happens.
 */
export async function publish(site: Site, who: Identity, move: Move): Promise<Publication> {
  const landed = await inLandingTurn(site.place.stateDir, () => moveBranch(site, who, move));
  return landed ?? refused("another `ra` does not come to an end with its landing");
}

async function moveBranch(site: Site, who: Identity, move: Move): Promise<Publication> {
  const ref = `refs/heads/${move.target}`;
  const tip = await site.refs.read(ref);
  if (tip === null) return { kind: "gone" };
  if (tip === move.to) return await settled(site, ref);
  if (tip !== move.from) return { kind: "moved", tip };
  const line = await site.control.attempt(["merge-base", "--is-ancestor", move.from, move.to]);
  assert(line.code === 0, `${move.to} does not descend from ${move.from}`);
  const checkouts = await listCheckouts(site);
  for (const checkout of checkouts) {
    if (checkout.branch !== move.target && (await isHeld(checkout, move.target))) {
      return refused(
        `a rebase or bisect of \`${move.target}\` is in progress in \`${checkout.path}\``,
      );
    }
  }
  const [checkout, another] = checkouts.filter(({ branch }) => branch === move.target);
  if (checkout === undefined) return await swap(site, who, move);
  if (another !== undefined) {
    return refused(
      `\`${move.target}\` is checked out in both \`${checkout.path}\` and \`${another.path}\``,
    );
  }
  return await landInCheckout(site, who, move, checkout);
}

/** Waits a little for the user's own git, which editors run all the time, to let go of the index. */
async function landInCheckout(
  site: Site,
  who: Identity,
  move: Move,
  checkout: Checkout,
): Promise<Publication> {
  const deadline = performance.now() + indexPatienceMs;
  for (;;) {
    const landed = await landOnce(site, who, move, checkout);
    const isLocked = landed.kind === "refused" && landed.reason.includes("index.lock");
    if (!isLocked || performance.now() > deadline) return landed;
    await Bun.sleep(20);
  }
}

async function landOnce(
  site: Site,
  who: Identity,
  move: Move,
  checkout: Checkout,
): Promise<Publication> {
  await bringBackLanding(site, checkout);
  const busy = await busyReason(checkout);
  if (busy !== null) return refused(busy);
  const version = await indexVersion(checkout);
  if (version === null) return refused(`\`${checkout.path}\` has no index`);
  const entries = await diffRevisions(site.control, move.from, move.to);
  const risk = filterRisk(site.config, checkout.path, entries);
  if (risk !== null) {
    return refused(
      `the result changes \`${risk.path}\`, which your git filter \`${risk.filter}\` runs or may read: look at it and merge it yourself`,
    );
  }
  const overlap = (): Promise<string | null> =>
    overlapOf(site, checkout, move.target, { ...move, entries });
  const met = move.inPlace ? null : await overlap();
  const isThere = (move.inPlace || met !== null) && (await holds(site, checkout, entries));
  // A recovery may have brought back what an attempt in place had left there.
  const obstacle = move.inPlace && !isThere ? await overlap() : met;
  if (obstacle !== null && !isThere) return refused(obstacle);
  await using locked = await lockIndex(site, checkout, version, move);
  if (locked === null) return refused(`another git is at work: \`${indexLock(checkout)}\` exists`);
  const tip = await site.refs.read(`refs/heads/${move.target}`);
  if (tip !== null && tip !== move.from) return { kind: "moved", tip };
  const step: Step = { site, who, move, checkout, entries, locked };
  return await (isThere ? adoptFiles(step) : fastForward(step));
}

/** One move of a branch together with its checkout. */
interface Step {
  readonly site: Site;
  readonly who: Identity;
  readonly move: Move;
  readonly checkout: Checkout;
  readonly entries: readonly TreeEntryChange[];
  readonly locked: LockedIndex;
}

/** As `git merge --ff-only`, but bound to the two commits, and on a copy of the index until all files are there. */
async function fastForward(step: Step): Promise<Publication> {
  const { site, move, checkout, entries, locked } = step;
  const index = locked.copy;
  const spare = `${index}.undo`;
  const readTree = (from: string, to: string, on: string): Promise<Captured> => {
    const args = ["read-tree", "-m", "-u", "--no-recurse-submodules", from, to];
    return inCheckout(site, checkout, args, { index: on });
  };
  await inCheckout(site, checkout, ["update-index", "-q", "--refresh"], { index });
  const modes = modesOf(checkout.path, entries);
  const created = await createFiles(site, checkout, entries, index);
  const done = created.code === 0 ? await readTree(move.from, move.to, index) : created;
  const flaw = done.code === 0 ? await flushEntries(step) : firstError(done.stderr);
  if (flaw !== null) {
    await takeBackFiles(site, checkout, entries);
    await modes.restore();
    return refused(flaw);
  }
  try {
    await copyIndex(index, spare);
    return await swapOrUndo(step, async () => {
      const undone = await readTree(move.to, move.from, spare);
      if (undone.code !== 0) return firstError(undone.stderr);
      await modes.restore();
      return await flushEntries(step);
    });
  } finally {
    await rm(spare, { force: true });
  }
}

/** Before index and branch say that the files are there, they are on the disk. Gives why not; null when they are. */
async function flushEntries({ checkout, entries }: Step): Promise<string | null> {
  try {
    await flushPaths(
      checkout.path,
      entries.map(({ path }) => path),
    );
    return null;
  } catch (error) {
    return `\`${checkout.path}\` cannot be flushed to disk: ${(error as Error).message}`;
  }
}

/** Makes the index say what the files already are, and moves the branch. No file is written. */
async function adoptFiles(step: Step): Promise<Publication> {
  const { site, checkout, entries, locked } = step;
  const index = locked.copy;
  const flaw = await flushEntries(step);
  if (flaw !== null) return refused(flaw);
  const done = await writeIndex(site, checkout, indexInfo(entries), index);
  if (done.code !== 0) return refused(firstError(done.stderr));
  await inCheckout(site, checkout, ["update-index", "-q", "--refresh"], { index });
  return await swapOrUndo(step, async () => null);
}

/**
 * Installs the index and moves the branch. When that fails the index is put back, and `undo` brings the files back; it
 * gives null, or why it did not succeed.
 */
async function swapOrUndo(step: Step, undo: () => Promise<string | null>): Promise<Publication> {
  const { checkout, locked } = step;
  await locked.install();
  let landed: Publication | null = null;
  let failure: string | null = null;
  try {
    landed = await swapHead(step);
  } finally {
    if (landed?.kind !== "landed") {
      await locked.putBack();
      failure = await undo();
    }
  }
  if (failure === null) return landed;
  return refused(`\`${checkout.path}\` could not be put back: ${failure}`);
}

async function swapHead({ site, who, move, checkout }: Step): Promise<Publication> {
  const branch = await site.refs.currentBranch(checkout.gitDir);
  if (branch !== move.target) return refused(`\`${move.target}\` is no longer checked out`);
  return await swap(site, who, move);
}

async function swap(site: Site, who: Identity, move: Move): Promise<Publication> {
  const ref = `refs/heads/${move.target}`;
  const { from, to } = move;
  const swapped = await site.refs.swap({ ref, from, to, who, message: "ra: land" });
  const tip = await site.refs.read(ref);
  // A `git branch -m` that loses to this move writes the commit it had read back, without looking.
  if (swapped && tip === from) return refused(`another git put \`${move.target}\` back at once`);
  if (swapped) return { kind: "landed" };
  if (tip === to) return await settled(site, ref);
  return tip === null ? { kind: "gone" } : { kind: "moved", tip };
}

/** Somebody else moved the branch there, such as a git that died right after it. */
async function settled(site: Site, ref: string): Promise<Publication> {
  await site.refs.settle(ref);
  return { kind: "landed" };
}

function refused(reason: string): Publication {
  return { kind: "refused", reason };
}

function firstError(stderr: string): string {
  const lines = stderr.trim().split("\n");
  const line = lines.find((each) => each.startsWith("fatal: ")) ?? lines[0] ?? "";
  return line.replace(/^(?:error|fatal): /, "").replace(/\.$/, "");
}
