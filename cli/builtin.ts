import { ExitCode, RaError } from "../core/error.ts";
import type { RunnerFactory } from "../core/plugin/runner.ts";

/** The runners that come with `ra`. Imported one by one, so that an unused agent costs nothing at start-up. */
const runners: Readonly<Record<string, () => Promise<{ readonly default: RunnerFactory }>>> = {
  shell: () => import("../plugins/runner-shell.ts"),
  kilo: () => import("../plugins/runner-kilo.ts"),
  gemini: () => import("../plugins/runner-gemini.ts"),
  claude: () => import("../plugins/runner-claude.ts"),
  codex: () => import("../plugins/runner-codex.ts"),
  opencode: () => import("../plugins/runner-opencode.ts"),
  acp: () => import("../plugins/runner-acp.ts"),
};

/** The factory of a built-in runner. Throws `RaError` (exit 4) for a name that has no runner yet. */
export async function importRunner(name: string): Promise<RunnerFactory> {
  const load = runners[name];
  if (load) return (await load()).default;
  throw new RaError({
    code: "RUNNER_MISSING",
    exitCode: ExitCode.runnerUnfit,
    message: `this version of \`ra\` has no runner \`${name}\``,
    hint: `use one of ${Object.keys(runners).join(", ")}`,
  });
}

/** The channels that come with `ra`, by name. Imported when a config asks for them. */
export const channelImports = {
  telegram: () => import("../plugins/channel-telegram.ts"),
  outbox: () => import("../plugins/channel-outbox.ts"),
  webhook: () => import("../plugins/channel-webhook.ts"),
};
