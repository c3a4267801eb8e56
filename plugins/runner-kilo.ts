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

const login = "kilo auth login";
const install = "npm install -g @kilocode/cli@7.7.7";

/** Nobody looks at these while Kilo runs in a task: updates, sharing, telemetry, downloads of its own. */
const quiet = {
  KILO_DISABLE_AUTOUPDATE: "1",
  KILO_DISABLE_SHARE: "1",
  KILO_DISABLE_SESSION_INGEST: "1",
  KILO_TELEMETRY_LEVEL: "off",
  KILO_DISABLE_CODEBASE_INDEXING: "1",
  KILO_DISABLE_LSP_DOWNLOAD: "1",
  KILO_DISABLE_TERMINAL_TITLE: "1",
} as const;

const environment = providerEnvironment("KILO_*");

/**
 * Drives Kilo Code (`kilo run`). Kilo waits out a refusal in silence, an hour when the provider says so: after
 * `patienceMs` without progress it is stopped and the attempt counts as limited.
 */
export default function kilo(host: RunnerHost, timing = { patienceMs: 30_000 }): Runner {
  const program = host.command ?? (["kilo"] as const);
  return {
    name: "kilo",
    traits: { parallel: true, isolation: "clone", ...environment },
    probe: (signal) => probeVersion(host, program, install, signal),
    run: (job) =>
      driveStream(job, {
        name: "kilo",
        argv: [
          ...program,
          ...["run", "--auto", "--format", "json"],
          ...(job.model === null ? [] : ["-m", job.model]),
          ...["--print-logs", "--log-level", "ERROR"],
        ],
        env: {
          ...quiet,
          // Of four that start together on one new database one in nine dies; the login stands elsewhere.
          KILO_DB: join(job.scratch, "kilo.db"),
        },
        login,
        patienceMs: timing.patienceMs,
        read: readStep,
        readError: readStepError,
      }),
  };
}
