import { join } from "node:path";
import {
  driveStream,
  probeVersion,
  providerEnvironment,
  type Runner,
  type RunnerHost,
  readStep,
  readStepError,
} from "../core/plugin/index.ts";

const login = "opencode auth login";
const install = "npm install -g opencode-ai@1.18.33";

/** Nobody looks at these while OpenCode runs in a task: updates, sharing, downloads of its own. */
const quiet = {
  OPENCODE_DISABLE_AUTOUPDATE: "1",
  OPENCODE_DISABLE_SHARE: "1",
  OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
  OPENCODE_DISABLE_TERMINAL_TITLE: "1",
} as const;

const environment = providerEnvironment("OPENCODE_*");

/**
 * Drives OpenCode (`opencode run`). OpenCode waits out a refusal in silence, an hour when the provider says so: after
 * `patienceMs` without progress it is stopped and the attempt counts as limited.
 */
export default function opencode(host: RunnerHost, timing = { patienceMs: 30_000 }): Runner {
  const program = host.command ?? (["opencode"] as const);
  return {
    name: "opencode",
    traits: { parallel: true, isolation: "clone", ...environment },
    probe: (signal) => probeVersion(host, program, install, signal),
    run: (job) =>
      driveStream(job, {
        name: "opencode",
        argv: [
          ...program,
          ...["run", "--auto", "--format", "json"],
          ...(job.model === null ? [] : ["-m", job.model]),
          ...["--print-logs", "--log-level", "ERROR"],
        ],
        env: {
          ...quiet,
          // Of four that start together on one new database one in three dies; the login stands elsewhere.
          OPENCODE_DB: join(job.scratch, "opencode.db"),
        },
        login,
        patienceMs: timing.patienceMs,
        read: readStep,
        readError: readStepError,
      }),
  };
}
