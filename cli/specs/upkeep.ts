import type { CommandSpec } from "../command.ts";
import { json } from "./json.ts";

/** Commands on what `ra` works with. */
export const upkeep: readonly CommandSpec[] = [
  {
    name: "agents",
    args: "[test] [name]",
    summary: "list the runners with version, limits and cooldowns, or let one do a tiny task",
    options: [json],
    examples: ["ra agents", "ra agents --json", "ra agents test shell"],
    runsTasks: true,
    load: () => import("../commands/agents.ts"),
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
    load: () => import("../commands/doctor.ts"),
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
    load: () => import("../commands/clean.ts"),
  },
];
