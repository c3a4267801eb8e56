import { realpathSync } from "node:fs";
import { systemClock } from "../../core/clock.ts";
import { ExitCode, RaError } from "../../core/error.ts";
import { limits } from "../../core/limits.ts";
import { jsonText } from "../../core/plain-text.ts";
import { seclude } from "../../core/process/seclusion.ts";
import type { Pacing } from "../../core/queue/policy.ts";
import { findPlace } from "../../core/workspace/place.ts";
import { takeAlone } from "../../core/workspace/turn.ts";
import { version } from "../../package.json";
import type { CommandBody, Options } from "../command.ts";
import { loadConfig } from "../config.ts";
import { flag, integer, text } from "../option.ts";
import { runnerNames } from "../runner-names.ts";
import { say } from "../say.ts";
import {
  type Address,
  addressDefault,
  readAddress,
  readSocket,
  refuseExposure,
} from "../serve/address.ts";
import { openChannels, telegramVariable } from "../serve/channels.ts";
import { Daemon } from "../serve/daemon.ts";
import { askForLink, noteUrl, turn } from "../serve/link.ts";
import { readNamedPlans } from "../serve/named-plans.ts";
import { demandToken, openToken, tokenPath } from "../serve/token.ts";
import { aborted, abortOnSignal } from "../signals.ts";
import { usageError } from "../usage.ts";

/** Requests at once when nobody says otherwise. */
const capDefault = 3;

/** `ra serve`: takes requests until a signal ends it. */
export const run: CommandBody = async ({ terminal, options }) => {
  const { [telegramVariable]: _, ...env } = terminal.env;
  const cwd = realpathSync(terminal.cwd);
  const place = findPlace(cwd);
  if (flag(options, "link")) {
    terminal.out(`${await askForLink(place, demandToken(tokenPath(env)))}\n`);
    return ExitCode.ok;
  }
  const config = await loadConfig({ root: place.root, env, runners: runnerNames });
  const address = addressOf(options);
  refuseExposure(address, { remote: flag(options, "remote"), hosts: config.serve.hosts });
  const pacing = pacingOf(options);
  const plans = await readNamedPlans(config, place.root);
  const token = openToken(tokenPath(env));
  const channels = await openChannels(config.serve, terminal.env);
  // What it starts are agents: they could read the environment of the daemon, where the user's secrets are.
  await seclude();
  using alone = await takeAlone(place.stateDir, turn);
  if (alone === null) throw served();
  using ending = abortOnSignal();
  await using daemon = await Daemon.start({
    ...{ place, config, plans, address, pacing, token, version },
    ...{ terminal: { cwd, env }, channels, clock: systemClock },
    onTrouble: (error) => say(terminal, (error as Error).message),
  });
  using _noted = noteUrl(place, daemon.url);
  say(terminal, `serving ${place.root} at ${daemon.url}; the token is in ${token.path}`);
  if (terminal.interactive && address.kind === "tcp")
    say(terminal, `the dashboard, once and within five minutes: ${daemon.link}`);
  if (flag(options, "json"))
    terminal.out(`${jsonText({ v: 1, url: daemon.url, token: token.path })}\n`);
  await aborted(ending.signal);
  say(terminal, "ending; what runs is interrupted, and goes on with the next start");
  return ExitCode.ok;
};

function addressOf(options: Options): Address {
  const [listen, socket] = [text(options, "listen"), text(options, "socket")];
  if (socket === undefined) return readAddress(listen ?? addressDefault);
  if (listen === undefined) return readSocket(socket);
  throw usageError("`--listen` and `--socket` contradict each other", "give one of them");
}

function pacingOf(options: Options): Pacing {
  const cap = integer(options, "concurrency", { min: 1, max: limits.concurrency });
  const mode = text(options, "dispatch") === "serial" ? "serial" : "concurrent";
  return { mode, cap: cap ?? capDefault };
}

function served(): RaError {
  return new RaError({
    code: "SERVED",
    exitCode: ExitCode.environment,
    message: "another `ra serve` serves this repository",
    hint: "end it first, or use it",
  });
}
