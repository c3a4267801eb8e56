import type { CommandSpec } from "./command.ts";

const json = { flags: "--json", about: "print JSON on standard output" } as const;

const planWork: readonly CommandSpec[] = [
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
      { flags: "--json", about: "print every event as one JSON object a line" },
    ],
    examples: [
      "ra dispatch plan.yaml",
      "ra dispatch plan.yaml --auto -c 5 --only schema,api",
      "ra dispatch plan.yaml --budget 5usd,2h",
    ],
    runsTasks: true,
    load: () => import("./commands/dispatch.ts"),
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
      { flags: "--json", about: "print every event as one JSON object a line" },
    ],
    examples: [
      'ra run "Add a test for an empty cart" --touching "test/cart/**"',
      'ra run "Fix the type errors" --runner kilo --verify "npm run typecheck"',
    ],
    runsTasks: true,
    load: () => import("./commands/run.ts"),
  },
  {
    name: "check",
    args: "<plan>",
    summary: "tell whether a plan is valid, with every error at its place",
    options: [json],
    examples: ["ra check plan.yaml", "ra check - < plan.yaml"],
    load: () => import("./commands/check.ts"),
  },
  {
    name: "graph",
    args: "<plan>",
    summary: "show the tasks of a plan in the order of their waves",
    options: [
      { flags: "--format <text|mermaid|dot|json>", about: "the form to print (default text)" },
    ],
    examples: ["ra graph plan.yaml", "ra graph plan.yaml --format mermaid"],
    load: () => import("./commands/graph.ts"),
  },
  {
    name: "schema",
    args: "<plan|events|config>",
    summary: "print the JSON Schema of plans, events or the config",
    options: [],
    examples: ["ra schema plan > plan.schema.json"],
    load: () => import("./commands/schema.ts"),
  },
];

const runWork: readonly CommandSpec[] = [
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
    load: () => import("./commands/ps.ts"),
  },
  {
    name: "show",
    args: "<run>",
    summary: "show a run or one of its tasks (RUN or RUN/TASK; @last is the newest run)",
    options: [json],
    examples: ["ra show @last", "ra show @last/api --json"],
    load: () => import("./commands/show.ts"),
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
    load: () => import("./commands/logs.ts"),
  },
  {
    name: "continue",
    args: "<run>",
    summary: "let a run that waits go on",
    options: [],
    examples: ["ra continue @last"],
    load: () => import("./commands/continue.ts"),
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
    load: () => import("./commands/answer.ts"),
  },
  {
    name: "stop",
    args: "<run>",
    summary: "end a run or one of its tasks (RUN or RUN/TASK); work is kept",
    options: [],
    examples: ["ra stop @last", "ra stop @last/api"],
    load: () => import("./commands/stop.ts"),
  },
  {
    name: "resume",
    args: "[run]",
    summary: "go on with a run that was killed, stopped or interrupted (default: the only one)",
    options: [
      { flags: "--auto", about: "do not wait between tasks; wins over the plan" },
      { flags: "--step", about: "wait for `continue` after each group of tasks" },
      { flags: "--wait", about: "wait for answers without a terminal, as `ra dispatch --wait`" },
      { flags: "--write-back", about: "write status and errors into the dispatch file" },
      {
        flags: "--budget <amount,..>",
        about: "new limits: 8usd, 500ktokens, 2h, or TASK=8usd for one task",
      },
      { flags: "--take-over", about: "take the run from an `ra` on another machine that is gone" },
      { flags: "--json", about: "print every event as one JSON object a line" },
    ],
    examples: ["ra resume", "ra resume @last --auto", "ra resume @last --budget 8usd,2h"],
    runsTasks: true,
    load: () => import("./commands/resume.ts"),
  },
];

const gatewayWork: readonly CommandSpec[] = [
  {
    name: "serve",
    args: "",
    summary: "take requests over HTTP and WebSocket, and run them from one queue",
    options: [
      { flags: "--listen <address>", about: "PORT or HOST:PORT (default 127.0.0.1:7272)" },
      { flags: "--socket <path>", about: "listen on a socket of the file system instead" },
      {
        flags: "--dispatch <serial|concurrent>",
        about: "one request at a time, or several side by side (default concurrent)",
      },
      { flags: "-c, --concurrency <N>", about: "requests at once (default 3)" },
      {
        flags: "--remote",
        about: "listen where other machines come in, by the names in the config",
      },
      { flags: "--json", about: "print the address as JSON once it listens" },
    ],
    examples: ["ra serve", "ra serve --listen 8080 --dispatch serial"],
    load: () => import("./commands/serve.ts"),
  },
];

const noVerify = {
  flags: "--no-verify",
  about: "leave the check commands of the tasks out",
} as const;

const resultWork: readonly CommandSpec[] = [
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
    load: () => import("./commands/diff.ts"),
  },
  {
    name: "why",
    args: "<run>",
    summary:
      "tell why a run or one of its tasks is where it is, and what goes on (RUN or RUN/TASK)",
    options: [json],
    examples: ["ra why @last", "ra why @last/api"],
    load: () => import("./commands/why.ts"),
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
    load: () => import("./commands/land.ts"),
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
    load: () => import("./commands/rollback.ts"),
  },
];

const upkeep: readonly CommandSpec[] = [
  {
    name: "agents",
    args: "[test] [name]",
    summary: "list the runners with version, limits and cooldowns, or let one do a tiny task",
    options: [json],
    examples: ["ra agents", "ra agents --json", "ra agents test shell"],
    runsTasks: true,
    load: () => import("./commands/agents.ts"),
  },
  {
    name: "doctor",
    args: "",
    summary: "look for what could keep runs from working here, with what mends it",
    options: [
      { flags: "--selftest", about: "run the demo in a throw-away repository as well" },
      { flags: "--mend", about: "move a damaged registry aside and keep what can be read of it" },
      json,
    ],
    examples: ["ra doctor", "ra doctor --json", "ra doctor --selftest"],
    exits: ["4"],
    load: () => import("./commands/doctor.ts"),
  },
  {
    name: "clean",
    args: "[run]",
    summary: "show what runs have left over, and take away what may go (RUN or RUN/TASK)",
    options: [
      { flags: "--dry-run", about: "show it, and take nothing away" },
      {
        flags: "--yes",
        about: "do not ask; work that has not landed goes only with its run named",
      },
      json,
    ],
    examples: ["ra clean", "ra clean --dry-run --json", "ra clean @last/api --yes"],
    load: () => import("./commands/clean.ts"),
  },
];

/** Every command, in the order of the help. Bodies are loaded only when called. */
export const commands: readonly CommandSpec[] = [
  {
    name: "demo",
    args: "",
    summary: "see ra work in a temporary repository, without any account",
    options: [{ flags: "--keep", about: "leave the repository where it is" }],
    examples: ["ra demo"],
    runsTasks: true,
    load: () => import("./commands/demo.ts"),
  },
  ...planWork,
  ...runWork,
  ...resultWork,
  ...gatewayWork,
  ...upkeep,
];
