import type { CommandSpec } from "./command.ts";
import { pad, wrap } from "./view/text.ts";

const width = 80;

type Entry = readonly [name: string, about: string];

const wrongUsage: Entry = [
  "2",
  "wrong usage, or a plan or config that is not valid; nothing was started",
];
const unfit: Entry = ["6", "the environment is not fit: git, disk, lock, a newer registry"];
const fault: Entry = ["70", "a fault in ra itself"];

const exitCodes: readonly Entry[] = [
  ["0", "every task succeeded and landed"],
  ["1", "the run ended, and at least one task failed"],
  wrongUsage,
  ["3", "a person must decide"],
  ["4", "a runner is missing, not logged in, or its login has run out"],
  ["5", "a budget or time limit was reached; the run is paused"],
  unfit,
  ["7", "the work is good but did not land: a conflict, or a target that moved"],
  fault,
  ["130, 143", "interrupted; the run can be resumed"],
];

/** What the contract says of an exit code. */
export function exitMeaning(code: number): string {
  const found = exitCodes.find(([codes]) => codes.split(", ").includes(String(code)));
  return found?.[1] ?? "unknown";
}

/** What `ra --help` prints. */
export function overview(specs: readonly CommandSpec[]): string {
  return [
    ...wrap(
      "ra runs a plan of tasks with coding agents, each in a workspace of its own, and lands one checked commit per task.",
      width,
    ),
    "",
    "Usage: ra <command> [arguments] [options]",
    "",
    "Commands:",
    ...pairs(specs.map((spec) => [title(spec), spec.summary])),
    "",
    "Options:",
    ...pairs([
      ["-h, --help", "show help; behind a command, the help of that command"],
      ["-V, --version", "show the version"],
    ]),
    "",
    "Examples:",
    "  ra demo",
    "  ra dispatch plan.yaml --auto",
    "  ra help dispatch",
    "",
    "Exit codes:",
    ...pairs(exitCodes),
    "",
  ].join("\n");
}

/** What `ra <command> --help` prints. */
export function commandHelp(spec: CommandSpec): string {
  return [
    ...wrap(sentence(spec.summary), width),
    "",
    `Usage: ra ${title(spec)} [options]`,
    "",
    "Options:",
    ...pairs([
      ...spec.options.map(({ flags, about }) => [flags, about] as const),
      ["-h, --help", "show this help"],
    ]),
    "",
    "Examples:",
    ...spec.examples.map((example) => `  ${example}`),
    "",
    "Exit codes:",
    ...pairs(spec.runsTasks ? exitCodes : plainExits(spec)),
    "",
  ].join("\n");
}

function plainExits({ exits = [] }: CommandSpec): readonly Entry[] {
  const more = exitCodes.filter(([code]) => exits.includes(code));
  return [["0", "done"], wrongUsage, ...more, unfit, fault];
}

function title(spec: CommandSpec): string {
  return `${spec.name} ${spec.args}`.trimEnd();
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}

function pairs(entries: readonly Entry[]): string[] {
  const left = Math.max(...entries.map(([name]) => name.length)) + 2;
  return entries.flatMap(([name, about]) =>
    wrap(about, width - left - 2).map((line, at) => `  ${pad(at === 0 ? name : "", left)}${line}`),
  );
}
