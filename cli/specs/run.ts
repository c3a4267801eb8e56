import type { CommandSpec } from "../command.ts";
import { everyEvent, json } from "./json.ts";

/** How a run goes on. */
const goingOn: CommandSpec["options"] = [
  { flags: "--auto", about: "do not wait between tasks; wins over the plan" },
  { flags: "--step", about: "wait for `continue` after each group of tasks" },
  { flags: "--wait", about: "wait for answers without a terminal, as `ra dispatch --wait`" },
  { flags: "--write-back", about: "write status and errors into the dispatch file" },
  {
    flags: "--budget <amount,..>",
    about: "new limits: 8usd, 500ktokens, 2h, or TASK=8usd for one task",
  },
];

/** Commands on runs that go on. */
export const runWork: readonly CommandSpec[] = [
  {
    name: "ps",
    args: "",
    summary: "list live processes, those that need you first",
    options: [
      { flags: "--all", about: "list the runs that have ended, too" },
      { flags: "-q, --quiet", about: "print ids only" },
      { flags: "--watch", about: "print anew on every change" },
      json,
    ],
    examples: ["ra ps", "ra ps --all --json"],
    load: () => import("../commands/ps.ts"),
  },
  {
    name: "show",
    args: "<run>",
    summary: "show a run or one of its tasks (RUN or RUN/TASK; @last is the newest run)",
    options: [json],
    examples: ["ra show @last", "ra show @last/api --json"],
    load: () => import("../commands/show.ts"),
  },
  {
    name: "logs",
    args: "<run>",
    summary: "print the output of a run's tasks (RUN or RUN/TASK), into a pipe as it is",
    options: [
      { flags: "-f, --follow", about: "go on until the run ends" },
      { flags: "--attempt <N>", about: "the output of this attempt (default: the newest)" },
      { flags: "--json", about: "print the events of the run instead, one JSON object a line" },
    ],
    examples: ["ra logs @last/api", "ra logs @last -f"],
    load: () => import("../commands/logs.ts"),
  },
  {
    name: "continue",
    args: "<run>",
    summary: "let a run that waits go on",
    options: [],
    examples: ["ra continue @last"],
    load: () => import("../commands/continue.ts"),
  },
  {
    name: "answer",
    args: "[which] [answer]",
    summary:
      "list what agents ask, or answer it (the id of a question, or RUN or RUN/TASK that asks one)",
    options: [
      { flags: "--allow", about: "take the option that allows it this once" },
      { flags: "--deny", about: "take the option that refuses it this once" },
      json,
    ],
    examples: ["ra answer", "ra answer k3x9abcd allow", "ra answer @last/api --deny"],
    exits: ["3"],
    load: () => import("../commands/answer.ts"),
  },
  {
    name: "stop",
    args: "<run>",
    summary: "end a run or one of its tasks (RUN or RUN/TASK); work is kept",
    options: [],
    examples: ["ra stop @last", "ra stop @last/api"],
    load: () => import("../commands/stop.ts"),
  },
  {
    name: "resume",
    args: "[run]",
    summary: "go on with a run that was killed, stopped or interrupted (default: the only one)",
    options: [
      ...goingOn,
      { flags: "--take-over", about: "take the run from an `ra` on another machine that is gone" },
      everyEvent,
    ],
    examples: ["ra resume", "ra resume @last --auto", "ra resume @last --budget 8usd,2h"],
    runsTasks: true,
    load: () => import("../commands/resume.ts"),
  },
  {
    name: "retry",
    args: "<run>",
    summary: "try anew what failed in a run that has ended, or one such task (RUN or RUN/TASK)",
    options: [...goingOn, everyEvent],
    examples: ["ra retry @last", "ra retry @last/api --auto"],
    runsTasks: true,
    load: () => import("../commands/retry.ts"),
  },
];
