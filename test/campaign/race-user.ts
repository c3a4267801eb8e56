import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "./random.ts";

/** How the user stands to the target while `ra` lands on it. */
export type Standing = "checked out" | "elsewhere" | "bare";

/** What the user does; `name` says it to a person, `lines` do it in a shell. */
export interface Deed {
  readonly name: string;
  readonly lines: readonly string[];
}

/** When the user does it. */
export interface Moment {
  readonly kind: "call" | "git" | "meanwhile";
  /** Which git of the landing, counted from 1. */
  readonly at: number;
  /** Which method of the repository. */
  readonly method: string;
  readonly after: boolean;
  readonly delayMs: number;
}

/**
 * What every script of the user begins with. `made` writes down a commit the user made, `dirty` and `staged` what the
 * user left uncommitted, `clean` that a file is so no longer.
 */
const prelude = [
  'made() { echo "made $1 $(git rev-parse "$2")" >> "$JOURNAL"; }',
  'dirty() { echo "dirty $(git hash-object --no-filters "$1") $1" >> "$JOURNAL"; }',
  'clean() { echo "clean - $1" >> "$JOURNAL"; }',
  // `git reset --keep` takes back what was staged.
  'unstaged() { echo "unstaged" >> "$JOURNAL"; }',
  'staged() { echo "staged $(git rev-parse ":$1") $1" >> "$JOURNAL"; }',
];

/** What every script ends with: how the user sees the refs when done. */
const closing = [
  'git for-each-ref --format="ref %(refname) %(objectname)" >> "$JOURNAL"',
  'echo "head $(cat "$GIT_FILES/HEAD")" >> "$JOURNAL"',
  'echo "stashes $(wc -l < "$GIT_FILES/logs/refs/stash")" >> "$JOURNAL"',
];

/** Draws one or two deeds that fit. What is left uncommitted comes first, so that the rest must carry it along. */
export function drawDeeds(random: Random, standing: Standing): Deed[] {
  const deeds: Deed[] = [];
  const moves = standing === "checked out" ? movesInCheckout : movesOfRef;
  if (standing !== "bare" && random.chance(0.5)) deeds.push(random.pick(edits));
  if (deeds.length === 0 || random.chance(0.6)) deeds.push(random.pick(moves));
  return deeds;
}

/** Draws the moment. */
export function drawMoment(random: Random): Moment {
  return {
    kind: random.pick(["call", "git", "git", "meanwhile"]),
    method: random.pick(["branchTip", "publish"]),
    at: random.between(1, 8),
    after: random.chance(0.5),
    delayMs: random.below(90),
  };
}

/** Writes the script of the user; gives the words that run it with nothing in its environment but the user's own. */
export function writeScript(input: {
  readonly dir: string;
  readonly cwd: string;
  readonly gitDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly deeds: readonly Deed[];
}): string[] {
  const path = join(input.dir, "user.sh");
  const lines = [`cd '${input.cwd}'`, ...prelude];
  for (const deed of input.deeds) lines.push(...deed.lines);
  writeFileSync(path, `${[...lines, ...closing].join("\n")}\n`);
  const env = { ...input.env, JOURNAL: join(input.dir, "journal"), GIT_FILES: input.gitDir };
  const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return ["env", "-i", ...words, "sh", path];
}

/**
 * Writes a `git` to be found before the real one: once `armed` exists it counts the calls, and at one of them lets
 * the user act, before or after the real git.
 */
export function writeShim(dir: string, script: readonly string[], moment: Moment): string {
  const bin = join(dir, "bin");
  const git = Bun.which("git");
  const user = `${script.map((word) => `'${word}'`).join(" ")} </dev/null >/dev/null 2>&1`;
  const act = moment.after
    ? `'${git}' "$@"; code=$?; ${user}; exit $code`
    : `${user}; exec '${git}' "$@"`;
  mkdirSync(bin);
  const lines = [
    "#!/bin/sh",
    `if [ -e '${dir}/armed' ]; then`,
    `  printf x >> '${dir}/calls'`,
    `  if [ "$(wc -c < '${dir}/calls')" -ge ${moment.at} ] && mkdir '${dir}/fired' 2>/dev/null; then`,
    `    ${act}`,
    "  fi",
    "fi",
    `exec '${git}' "$@"`,
  ];
  writeFileSync(join(bin, "git"), `${lines.join("\n")}\n`);
  chmodSync(join(bin, "git"), 0o755);
  return bin;
}

/** Things left uncommitted. Each says what it left. */
const edits: readonly Deed[] = [
  ...["a.txt", "b.txt"].flatMap((path): Deed[] => [
    { name: `edits ${path}`, lines: [`echo mine >> ${path} && dirty ${path}`] },
    {
      name: `stages ${path}`,
      lines: [`echo mine >> ${path}; git add ${path} && staged ${path}; dirty ${path}`],
    },
  ]),
  {
    name: "stages b.txt and edits it again",
    lines: ["echo one >> b.txt; git add b.txt && staged b.txt; echo two >> b.txt; dirty b.txt"],
  },
  ...["notes.txt", "new.txt", "ignored.log"].map(
    (path): Deed => ({
      name: `writes ${path}`,
      lines: [`[ -e ${path} ] || { echo mine > ${path}; dirty ${path}; }`],
    }),
  ),
  {
    name: "stashes an edit of b.txt",
    lines: [
      "echo stash >> b.txt; git stash push -q -- b.txt && made stash refs/stash || dirty b.txt",
    ],
  },
];

/** A commit that git refuses, since another has the index, leaves the file behind: staged where `git add` came through. */
const commitOwnFile = (path: string, how: string): string =>
  `echo own >> ${path}; if ! git add ${path}; then dirty ${path}; false; elif git commit -q -m mine ${how}; then made commit HEAD; clean ${path}; else dirty ${path}; staged ${path}; false; fi`;

/** Moves of the branch that is checked out. */
const movesInCheckout: readonly Deed[] = [
  { name: "commits a file", lines: [commitOwnFile("own.txt", "-- own.txt")] },
  {
    name: "commits the index",
    // What was staged before goes along.
    lines: [
      `${commitOwnFile("own.txt", "")} && unstaged && for path in a.txt b.txt; do ! git diff --quiet HEAD -- $path || clean $path; done`,
    ],
  },
  { name: "commits a file of a task", lines: [commitOwnFile("a.txt", "-- a.txt")] },
  {
    name: "commits twice",
    lines: [
      `${commitOwnFile("own.txt", "-- own.txt")} && ${commitOwnFile("own.txt", "-- own.txt")}`,
    ],
  },
  {
    name: "amends",
    lines: ["git commit -q --amend --allow-empty --only -m amended && made amend HEAD"],
  },
  { name: "moves back", lines: ["git reset -q --keep HEAD~1 && unstaged"] },
  {
    name: "commits and moves back",
    lines: [
      `${commitOwnFile("own.txt", "-- own.txt")} && git reset -q --keep HEAD~1 && unstaged && echo back >> $JOURNAL`,
    ],
  },
  { name: "switches", lines: ["git checkout -q other"] },
  { name: "switches there and back", lines: ["git checkout -q other && git checkout -q main"] },
  { name: "deletes", lines: ["git checkout -q other && git branch -q -D main"] },
  { name: "renames", lines: ["git branch -m main renamed"] },
  { name: "detaches", lines: ["git checkout -q --detach"] },
];

const commitTree = (parent: string): string =>
  `old=$(git rev-parse main); c=$(git commit-tree 'main^{tree}' -p ${parent} -m mine)`;

/** Moves of a branch that is not checked out, by compare-and-swap as a push does. */
const movesOfRef: readonly Deed[] = [
  {
    name: "commits",
    lines: [
      `${commitTree("main")}; git update-ref -m mine refs/heads/main $c $old && made commit $c`,
    ],
  },
  {
    name: "amends",
    lines: [
      `${commitTree("main~1")}; git update-ref -m mine refs/heads/main $c $old && made amend $c`,
    ],
  },
  { name: "moves back", lines: ["git update-ref -m back refs/heads/main main~1"] },
  {
    name: "moves elsewhere by force",
    lines: ["git update-ref -m force refs/heads/main other"],
  },
  { name: "deletes", lines: ["git update-ref -d refs/heads/main"] },
  { name: "renames", lines: ["git branch -m main renamed"] },
];
