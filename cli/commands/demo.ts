import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ExitCode, RaError } from "../../core/error.ts";
import { findRun } from "../../core/registry/find-run.ts";
import { Registry } from "../../core/registry/registry.ts";
import { bindGit } from "../../core/workspace/git.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { CommandBody, Terminal } from "../command.ts";
import { demoEnds, demoFiles, demoPlan } from "../demo-plan.ts";
import { flag } from "../option.ts";
import { run as dispatch } from "./dispatch.ts";

/** `ra demo`: the main job in a repository of its own, which is removed afterwards. */
export const run: CommandBody = async ({ terminal, options }) => {
  const keep = flag(options, "keep");
  const directory = mkdtempSync(join(tmpdir(), "ra-demo-"));
  try {
    const repository = join(directory, "shop");
    // Nothing of the demo may depend on, or stay in, the user's own settings and folders.
    const env = {
      ...terminal.env,
      RA_WORKSPACES: join(directory, "workspaces"),
      XDG_CONFIG_HOME: join(directory, "config"),
    };
    const inside: Terminal = { ...terminal, cwd: repository, env, interactive: false };
    await makeRepository(repository, env);
    terminal.out(`A repository in ${repository} and this plan:\n\n${demoPlan}\n`);
    await dispatch({ terminal: inside, args: ["plan.yaml"], options: { auto: true } });
    await showHistory(repository, env, terminal);
    await checkEnds(repository);
    terminal.out(explanation);
    if (keep) terminal.out(`The repository is still there: cd ${repository} && ra show @last\n`);
    return ExitCode.ok;
  } finally {
    if (!keep) rmSync(directory, { recursive: true, force: true });
  }
};

const explanation = `
You saw: tasks side by side, each in a clone of its own, and one commit per task in the plan's order;
a conflict and a check that failed on the merged tree, both kept and named; a task skipped because of it.
`;

async function makeRepository(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
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

async function showHistory(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
): Promise<void> {
  const log = await bindGit(path, env).run(["log", "--reverse", "--format=%h %s", "--shortstat"]);
  terminal.out(`\n$ git log --reverse --format='%h %s' --shortstat\n${log}`);
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
