import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../assert.ts";
import { ExitCode, RaError } from "../error.ts";
import {
  busyReason,
  type Checkout,
  changedTracked,
  fileInTheWay,
  inCheckout,
  isHeld,
  listCheckouts,
} from "./checkout.ts";
import type { Identity } from "./identity.ts";
import type { Site } from "./site.ts";
import { diffRevisions } from "./tree-diff.ts";
import { inLandingTurn } from "./turn.ts";
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
 * them. Files of the user are never overwritten. Throws `RaError` (exit 7) when the branch is gone.
 */
export async function publish(site: Site, who: Identity, move: Move): Promise<Publication> {
  const landed = await inLandingTurn(site.place.stateDir, () => moveBranch(site, who, move));
  return landed ?? refused("another `ra` does not come to an end with its landing");
}

async function moveBranch(site: Site, who: Identity, move: Move): Promise<Publication> {
  const ref = `refs/heads/${move.target}`;
  const tip = await site.refs.read(ref);
  if (tip === null) throw branchGone(move.target);
  if (tip === move.to) return { kind: "landed" };
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
  const busy = await busyReason(checkout);
  if (busy !== null) return refused(busy);
  const obstacle = move.inPlace ? "" : await obstacleTo(site, move, checkout);
  if (obstacle === null) return await fastForward(site, who, move, checkout);
  if (await holds(site, checkout, move)) return await adoptFiles(site, who, move, checkout);
  return refused(obstacle || `the files in \`${checkout.path}\` are not those of the result`);
}

/** What keeps a checkout from being fast-forwarded; null when nothing does. */
async function obstacleTo(site: Site, move: Move, checkout: Checkout): Promise<string | null> {
  const [changed] = await changedTracked(site, checkout);
  if (changed !== undefined) {
    return `\`${move.target}\` is checked out in \`${checkout.path}\` with uncommitted changes (\`${changed}\`)`;
  }
  const entries = await diffRevisions(site.control, move.from, move.to);
  const untracked = await fileInTheWay(site, checkout.path, entries);
  if (untracked === null) return null;
  return `\`${join(checkout.path, untracked)}\` is not tracked and would be overwritten`;
}

/**
 * As `git merge --ff-only`, but bound to the two commits: should the user switch branches in this very
 * moment, the index no longer is that of `from`, and nothing happens.
 */
async function fastForward(
  site: Site,
  who: Identity,
  move: Move,
  checkout: Checkout,
): Promise<Publication> {
  await inCheckout(site, checkout, ["update-index", "-q", "--refresh"]);
  const step = (from: string, to: string) =>
    inCheckout(site, checkout, ["read-tree", "-m", "-u", "--no-recurse-submodules", from, to]);
  const done = await step(move.from, move.to);
  if (done.code !== 0) return refused(firstError(done.stderr));
  return await swapOrUndo(site, who, move, checkout, () => step(move.to, move.from));
}

/** Makes the index say what the files already are, and moves the branch. No file is written. */
async function adoptFiles(
  site: Site,
  who: Identity,
  move: Move,
  checkout: Checkout,
): Promise<Publication> {
  const step = async (to: string) => {
    // `--reset` without `-u` writes the index alone, and keeps the file times that still hold.
    const done = await inCheckout(site, checkout, ["read-tree", "--reset", to]);
    await inCheckout(site, checkout, ["update-index", "-q", "--refresh"]);
    return done;
  };
  const done = await step(move.to);
  if (done.code !== 0) return refused(firstError(done.stderr));
  return await swapOrUndo(site, who, move, checkout, () => step(move.from));
}

async function swapOrUndo(
  site: Site,
  who: Identity,
  move: Move,
  checkout: Checkout,
  undo: () => Promise<{ readonly code: number | null; readonly stderr: string }>,
): Promise<Publication> {
  const head = await readFile(join(checkout.gitDir, "HEAD"), "utf8");
  if (head.trim() === `ref: refs/heads/${move.target}`) {
    const landed = await swap(site, who, move);
    if (landed.kind === "landed") return landed;
    return (await undone(undo, checkout)) ?? landed;
  }
  return (await undone(undo, checkout)) ?? refused(`\`${move.target}\` is no longer checked out`);
}

async function undone(
  undo: () => Promise<{ readonly code: number | null; readonly stderr: string }>,
  checkout: Checkout,
): Promise<Publication | null> {
  const done = await undo();
  if (done.code === 0) return null;
  return refused(`\`${checkout.path}\` could not be put back: ${firstError(done.stderr)}`);
}

/** True when every file of `to` stands in the checkout as it is there, and nothing else is staged. */
async function holds(site: Site, checkout: Checkout, move: Move): Promise<boolean> {
  const staged = await Promise.all(
    [move.from, move.to].map((commit) =>
      inCheckout(site, checkout, ["diff-index", "--cached", "--quiet", commit]),
    ),
  );
  if (staged.every(({ code }) => code !== 0)) return false;
  const deleted = (await diffRevisions(site.control, move.from, move.to)).filter(
    ({ status }) => status === "D",
  );
  if (deleted.some(({ path }) => existsSync(join(checkout.path, path)))) return false;
  const index = join(site.indexDir, `publish.${crypto.randomUUID()}`);
  try {
    await inCheckout(site, checkout, ["read-tree", move.to], index);
    const fresh = await inCheckout(site, checkout, ["update-index", "--refresh"], index);
    return fresh.code === 0;
  } finally {
    await rm(index, { force: true });
  }
}

async function swap(site: Site, who: Identity, move: Move): Promise<Publication> {
  const ref = `refs/heads/${move.target}`;
  const { from, to } = move;
  if (await site.refs.swap({ ref, from, to, who, message: "ra: land" })) return { kind: "landed" };
  const tip = await site.refs.read(ref);
  if (tip === null) throw branchGone(move.target);
  return tip === to ? { kind: "landed" } : { kind: "moved", tip };
}

function refused(reason: string): Publication {
  return { kind: "refused", reason };
}

function firstError(stderr: string): string {
  const line = stderr.trim().split("\n")[0] ?? "";
  return line.replace(/^(?:error|fatal): /, "").replace(/\.$/, "");
}

function branchGone(target: string): RaError {
  return new RaError({
    code: "TARGET_GONE",
    exitCode: ExitCode.notLanded,
    message: `the branch \`${target}\` does not exist`,
    hint: `make it with \`git branch ${target}\`, or name another target`,
  });
}
