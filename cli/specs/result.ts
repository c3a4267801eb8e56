import type { CommandSpec } from "../command.ts";
import { json } from "./json.ts";

const noVerify = {
  flags: "--no-verify",
  about: "leave the check commands of the tasks out",
} as const;

/** Commands on what runs made. */
export const resultWork: readonly CommandSpec[] = [
  {
    name: "diff",
    args: "<run>",
    summary: "show what a run or one of its tasks changed (RUN or RUN/TASK)",
    options: [
      { flags: "--attempt <N>", about: "what this attempt left (default: the one that counts)" },
      { flags: "--stat", about: "print sizes instead of the patch" },
      { flags: "--name-only", about: "print the names of the paths alone" },
      json,
    ],
    examples: ["ra diff @last/api", "ra diff @last --stat"],
    load: () => import("../commands/diff.ts"),
  },
  {
    name: "why",
    args: "<run>",
    summary:
      "tell why a run or one of its tasks is where it is, and what goes on (RUN or RUN/TASK)",
    options: [json],
    examples: ["ra why @last", "ra why @last/api"],
    load: () => import("../commands/why.ts"),
  },
  {
    name: "land",
    args: "<run>",
    summary: "bring what a run kept back onto its target (RUN or RUN/TASK)",
    options: [
      noVerify,
      { flags: "--recheck", about: "run checks again that passed on the very tree that lands" },
      { ...json, about: "print what was recorded as one JSON object a line" },
    ],
    examples: ["ra land @last", "ra land @last/api --no-verify"],
    runsTasks: true,
    load: () => import("../commands/land.ts"),
  },
  {
    name: "rollback",
    args: "<run>",
    summary: "take the commits of a run back with one revert for each (RUN or RUN/TASK)",
    options: [
      { flags: "--dry-run", about: "show what would be taken back, and change nothing" },
      noVerify,
      { ...json, about: "print what was recorded as one JSON object a line" },
    ],
    examples: ["ra rollback @last --dry-run", "ra rollback @last/api"],
    runsTasks: true,
    load: () => import("../commands/rollback.ts"),
  },
];
