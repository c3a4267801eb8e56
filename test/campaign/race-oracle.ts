import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { locksIn, type Race } from "./race.ts";

/** What must not be after a race, one line each. Asks plain git alone. */
export async function judgeRace(race: Race): Promise<string[]> {
  const facts = await readFacts(race);
  return [
    ...(await judgeTarget(race, facts)),
    ...judgeCommits(race, facts),
    ...judgeOthers(race, facts),
    ...(race.standing === "bare" ? [] : await judgeCheckout(race)),
    ...judgeRun(race, facts),
    ...locksIn(race.gitDir).map((lock) => `left behind: ${lock}`),
  ].map((what) => `${race.story}: ${what}\n    ${JSON.stringify(race.published ?? race.thrown)}`);
}

interface Facts {
  readonly refs: ReadonlyMap<string, string>;
  readonly head: string;
  /** Commits that a ref or a reflog leads to. */
  readonly reached: ReadonlySet<string>;
}

async function readFacts({ plain, gitDir }: Race): Promise<Facts> {
  const [refs, reached] = await Promise.all([
    plain.run(["for-each-ref", "--format=%(refname) %(objectname)"]),
    plain.run(["rev-list", "--all", "--reflog"]),
  ]);
  return {
    refs: new Map(
      refs
        .trim()
        .split("\n")
        .map((line) => line.split(" ") as [string, string]),
    ),
    head: readFileSync(join(gitDir, "HEAD"), "utf8").trim(),
    reached: new Set(reached.split("\n")),
  };
}

const target = "refs/heads/main";

/** The target is where the user left it, or ahead of that; a deleted one stays deleted. */
async function judgeTarget(race: Race, { refs }: Facts): Promise<string[]> {
  if (noted(race, "stashes").length === 0) return ["the user did not come to an end"];
  const left = noted(race, "ref").find(([, ref]) => ref === target)?.[2] ?? "none";
  const now = refs.get(target) ?? "none";
  if (left === "none") return now === "none" ? [] : [`the deleted target came back at ${now}`];
  if (now === "none") return ["the target is gone"];
  const takenBack = noted(race, "back").length > 0;
  const commits = noted(race, "made").filter(([, kind]) => kind === "commit" && !takenBack);
  const wrong: string[] = [];
  for (const id of new Set([left, ...commits.map(([, , commit]) => commit)])) {
    if (id === now) continue;
    const line = await race.plain.attempt(["merge-base", "--is-ancestor", id, now]);
    if (line.code !== 0) wrong.push(`the user's ${id} is not in the target, which is at ${now}`);
  }
  return wrong;
}

/** Nothing that the user ever committed or stashed is out of reach. */
function judgeCommits(race: Race, { reached }: Facts): string[] {
  return noted(race, "made").flatMap(([, kind, id]) =>
    reached.has(id) ? [] : [`the user's ${kind} ${id} is lost`],
  );
}

/** No other ref, stash entry or HEAD is another one than the user left. */
function judgeOthers(race: Race, { refs, head }: Facts): string[] {
  const own = (ref: string): boolean =>
    ref === target || ref.startsWith("refs/ra/") || ref.startsWith("refs/heads/ra/");
  const left = new Map(noted(race, "ref").map(([, ref, id]) => [ref, id]));
  const names = [...new Set([...left.keys(), ...refs.keys()])].filter((ref) => !own(ref));
  const wrong = names.filter((ref) => left.get(ref) !== refs.get(ref));
  const headLeft = noted(race, "head")[0]?.slice(1).join(" ").trim() ?? "";
  const log = join(race.gitDir, "logs/refs/stash");
  const stashes = String(readFileSync(log, "utf8").trim().split("\n").length);
  const stashesLeft = noted(race, "stashes")[0]?.[1];
  return [
    ...wrong.map((ref) => `${ref} is ${refs.get(ref)}, and the user left ${left.get(ref)}`),
    ...(head === headLeft ? [] : [`HEAD is ${head}, and the user left ${headLeft}`]),
    ...(stashes === stashesLeft ? [] : [`${stashes} stash entries instead of ${stashesLeft}`]),
  ];
}

/** What the user left uncommitted is there to the byte, and nothing else differs from HEAD. */
async function judgeCheckout(race: Race): Promise<string[]> {
  const cwd = join(race.dir, "project");
  const call = { cwd, env: { GIT_WORK_TREE: cwd } };
  const wrong: string[] = [];
  const mine = new Set<string>();
  for (const [path, id] of leftIn(race, "dirty")) {
    mine.add(path);
    const there = existsSync(join(cwd, path));
    const now = there ? await race.plain.run(["hash-object", "--no-filters", path], call) : "gone";
    if (now.trim() !== id) wrong.push(`the user's ${path} is ${now.trim()}`);
  }
  for (const [path, id] of leftIn(race, "staged")) {
    const now = (await race.plain.attempt(["rev-parse", `:${path}`], call)).stdout.trim();
    if (now !== id) wrong.push(`what the user staged of ${path} is ${now}`);
  }
  const status = ["status", "--porcelain=v1", "-z", "-uall", "--no-renames"];
  for (const line of (await race.plain.run(status, call)).split("\0")) {
    if (line !== "" && !mine.has(line.slice(3))) wrong.push(`status says \`${line}\``);
  }
  return wrong;
}

/** The run moved the target by compare-and-swap, or kept its work. */
function judgeRun(race: Race, { refs }: Facts): string[] {
  const { published, thrown, tip } = race;
  if (thrown !== null) return [`threw ${thrown.code}: ${thrown.message}`];
  if (published === null) return ["nothing was published"];
  if (published.keptOn !== null) {
    const kept = refs.get(`refs/heads/${published.keptOn}`);
    return kept === tip ? [] : [`${published.keptOn} is ${kept}, and the chain ends at ${tip}`];
  }
  const logs = ["main", "renamed"].map((name) => join(race.gitDir, "logs/refs/heads", name));
  // A deleted branch takes its log along; HEAD's log tells of it only when it was checked out.
  if (!logs.some((path) => existsSync(path))) return [];
  const moved = logs.some(
    (path) => existsSync(path) && readFileSync(path, "utf8").includes(`${published.to} Ada`),
  );
  return moved ? [] : [`no move of the target to ${published.to} is in its log`];
}

/** Paths with what the user left there uncommitted in the end. */
function leftIn(race: Race, word: "dirty" | "staged"): Map<string, string> {
  const left = new Map<string, string>();
  for (const [what, id, path] of race.journal) {
    if (what === word) left.set(path, id);
    if (what === "clean") left.delete(path);
    if (what === "unstaged" && word === "staged") left.clear();
  }
  return left;
}

/** Lines of the journal with this word; a longer line has the id second and the name last. */
function noted(race: Race, word: string): (readonly [string, string, string])[] {
  return race.journal.filter(([first]) => first === word);
}
