import type { CommandSpec } from "../command.ts";
import { everyEvent, json } from "./json.ts";

/** Commands on plans. */
export const planWork: readonly CommandSpec[] = [
  {
    name: "dispatch",
    args: "<plan>",
    summary: "run a plan and land one commit per task",
    options: [
      { flags: "--auto", about: "do not wait between tasks; wins over the plan" },
      {
        flags: "--step",
        about: "wait for `continue` after each group of tasks; wins over the plan",
      },
      { flags: "-c, --concurrency <N>", about: "tasks at once (default 3)" },
      { flags: "--only <T,..>", about: "run these tasks and what they depend on" },
      { flags: "--target <branch>", about: "land on this branch (default: the one checked out)" },
      { flags: "--base <revision>", about: "start from this revision (default: HEAD)" },
      {
        flags: "--budget <amount,..>",
        about: "limits, over the plan's own: 8usd, 500ktokens, 2h, or TASK=8usd for one task",
      },
      { flags: "--dry-run", about: "show what would run, and start nothing" },
      {
        flags: "--wait",
        about:
          "wait for answers without a terminal: from `ra continue`, `ra answer`, `ra stop` or the continue file",
      },
      { flags: "--write-back", about: "write status and errors into a dispatch file as tasks end" },
      everyEvent,
    ],
    examples: [
      "ra dispatch plan.yaml",
      "ra dispatch plan.yaml --auto -c 5 --only schema,api",
      "ra dispatch plan.yaml --budget 5usd,2h",
    ],
    runsTasks: true,
    load: () => import("../commands/dispatch.ts"),
  },
  {
    name: "run",
    args: "<prompt>",
    summary: "run one request as a plan of one task",
    options: [
      { flags: "--runner <name>", about: "the agent that does the work" },
      { flags: "--model <name>", about: "the model, as the agent names it" },
      { flags: "--touching <glob,..>", about: "the paths that the task claims to write" },
      { flags: "--verify <command>", about: "must pass on the merged tree before it lands" },
      { flags: "--budget <amount,..>", about: "limits: 8usd, 500ktokens, 2h" },
      {
        flags: "--timeout <duration>",
        about: "time for one attempt, such as 90s or 20m (default 5m)",
      },
      {
        flags: "--wait",
        about: "without a terminal, let what the agent asks wait for `ra answer`",
      },
      everyEvent,
    ],
    examples: [
      'ra run "Add a test for an empty cart" --touching "test/cart/**"',
      'ra run "Fix the type errors" --runner kilo --verify "npm run typecheck"',
    ],
    runsTasks: true,
    load: () => import("../commands/run.ts"),
  },
  {
    name: "check",
    args: "<plan>",
    summary: "tell whether a plan is valid, with every error at its place",
    options: [json],
    examples: ["ra check plan.yaml", "ra check - < plan.yaml"],
    load: () => import("../commands/check.ts"),
  },
  {
    name: "graph",
    args: "<plan>",
    summary: "show the tasks of a plan in the order of their waves",
    options: [
      { flags: "--format <text|mermaid|dot|json>", about: "the form to print (default text)" },
    ],
    examples: ["ra graph plan.yaml", "ra graph plan.yaml --format mermaid"],
    load: () => import("../commands/graph.ts"),
  },
  {
    name: "schema",
    args: "<plan|events|config>",
    summary: "print the JSON Schema of plans, events or the config",
    options: [],
    examples: ["ra schema plan > plan.schema.json"],
    load: () => import("../commands/schema.ts"),
  },
];
