import { realpathSync } from "node:fs";
import { systemClock } from "../../core/clock.ts";
import { ExitCode } from "../../core/error.ts";
import { seclude } from "../../core/process/seclusion.ts";
import type { CommandBody } from "../command.ts";
import { say } from "../say.ts";
import { aborted, abortOnSignal } from "../signals.ts";
import { Watcher, watchedDirectory } from "../watch/watcher.ts";

/** `ra watch DIR`: runs approved dispatch files as they appear, until a signal ends it. */
export const run: CommandBody = async ({ terminal, args }) => {
  const cwd = realpathSync(terminal.cwd);
  const dir = watchedDirectory(cwd, args[0] ?? ".");
  // What it starts are agents: they could read the environment of this process, where the user's secrets are.
  await seclude();
  using ending = abortOnSignal();
  const { env } = terminal;
  await using _watcher = await Watcher.start({
    ...{ dir, clock: systemClock },
    terminal: { cwd, env, err: (text) => terminal.err(text) },
  });
  say(terminal, `watching ${dir}`);
  await aborted(ending.signal);
  say(terminal, "ending; what runs is interrupted, and goes on with the next start");
  return ExitCode.ok;
};
