import type { CommandSpec } from "./command.ts";
import { gatewayWork } from "./specs/gateway.ts";
import { planWork } from "./specs/plan.ts";
import { resultWork } from "./specs/result.ts";
import { runWork } from "./specs/run.ts";
import { upkeep } from "./specs/upkeep.ts";

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
