import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ExitCode, RaError } from "../core/error.ts";
import { findRun } from "../core/registry/find-run.ts";
import { Registry } from "../core/registry/registry.ts";
import { bindGit } from "../core/workspace/git.ts";
import { findPlace } from "../core/workspace/place.ts";
import type { Terminal } from "./command.ts";
import { run as dispatch } from "./commands/dispatch.ts";
import { demoEnds, demoFiles, demoPlan } from "./demo-plan.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** A repository of the demo's own, while it stands. */
export interface DemoRepository {
  readonly path: string;
  readonly env: Variables;
}

/** So small a run needs less room than the runs of people. */
const demoConfig = "disk: { free: 16MB }\n";

/**
 * Runs the demo's plan in a throw-away repository with the real engine and checks how each task ended. `look` sees
 * the repository before it goes; `keep` leaves it. Throws `RaError` (exit 70) when a task did not end as planned.
 */
export async function runDemo(
  terminal: Terminal,
  { keep, look }: { readonly keep: boolean; look(repository: DemoRepository): Promise<void> },
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "ra-demo-"));
  try {
    const path = join(directory, "shop");
    // Nothing of the demo may depend on, or stay in, the user's own settings and folders.
    const env = {
      ...terminal.env,
      RA_WORKSPACES: join(directory, "workspaces"),
      XDG_CONFIG_HOME: join(directory, "config"),
    };
    await Bun.write(join(env.XDG_CONFIG_HOME, "ra", "config.yaml"), demoConfig);
    const inside: Terminal = { ...terminal, cwd: path, env, interactive: false };
    await makeRepository(path, env);
    terminal.out(`A repository in ${path} and this plan:\n\n${demoPlan}\n`);
    await dispatch({ terminal: inside, args: ["plan.yaml"], options: { auto: true } });
    await look({ path, env });
    await checkEnds(path);
  } finally {
    if (!keep) rmSync(directory, { recursive: true, force: true });
  }
}

async function makeRepository(path: string, env: Variables): Promise<void> {
  const files = { ...demoFiles, "plan.yaml": demoPlan };
  for (const [name, text] of Object.entries(files)) {
    const file = join(path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const { run } = bindGit(path, env);
  const git = (...args: string[]): Promise<string> => run(args);
  await git("init", "--quiet", "--initial-branch=main");
  await git("config", "user.name", "Ra Demo");
  await git("config", "user.email", "demo@example.invalid");
  await git("add", "--all");
  await git("commit", "--quiet", "--no-verify", "--message", "Start the shop");
}

/** The demo fails on purpose in two places; anything else is a fault. */
async function checkEnds(repository: string): Promise<void> {
  await using registry = await Registry.open(findPlace(repository));
  const state = await registry.state(findRun(registry.database, "@last"));
  const wrong = Object.entries(demoEnds).filter(
    ([id, end]) => state?.tasks.get(id)?.status !== end,
  );
  if (wrong.length === 0) return;
  const named = wrong.map(
    ([id, end]) => `${id} should be ${end}, is ${state?.tasks.get(id)?.status}`,
  );
  throw new RaError({
    code: "DEMO_FAILED",
    exitCode: ExitCode.internal,
    message: `the demo did not end as planned: ${named.join("; ")}`,
  });
}
