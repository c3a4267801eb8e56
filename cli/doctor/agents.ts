import { type Diagnosis, note, problem, well } from "../../core/diagnosis.ts";
import { type Probed, probeAgent } from "../agent-probe.ts";
import type { Config } from "../config.ts";
import { runnerNames } from "../runner-names.ts";

const logins: Readonly<Record<string, string>> = {
  true: "it says that it is logged in; ",
  false: "it says that it is not logged in, which a provider of your own may not need; ",
};

type Variables = Readonly<Record<string, string | undefined>>;

/** The agents that a config names, and those that are installed. One that is named must be usable. */
export async function agentDiagnoses(
  config: Config,
  env: Variables,
  cwd: string,
): Promise<readonly Diagnosis[]> {
  const { override, fallback } = config;
  const chosen = [override.runner, fallback.runner].filter((name) => name !== undefined);
  const named = new Set([...Object.keys(config.runners), ...chosen]);
  const installed = runnerNames.filter(
    (name) => Bun.which(name, { PATH: env.PATH ?? "" }) !== null,
  );
  const names = [...new Set([...named, ...installed])].filter((name) => name !== "shell").sort();
  if (names.length === 0) return [await noAgent(config, env, cwd)];
  const found = await Promise.all(
    names.map(async (name) =>
      agentDiagnosis(name, named.has(name), await probeAgent(name, config, env, cwd)),
    ),
  );
  return found.flat();
}

/** What to install where there is no agent: the first that `ra` can drive. */
async function noAgent(config: Config, env: Variables, cwd: string): Promise<Diagnosis> {
  const found = "no agent is installed: plain commands run, prompts do not";
  for (const name of runnerNames.filter((each) => each !== "shell")) {
    const said = await probeAgent(name, config, env, cwd);
    if (said !== null && !said.ok) return note("runners", found, said.fix);
  }
  return note("runners", found, null);
}

/** What the probe of a runner says. `probe` null: this version of `ra` cannot drive that agent. */
export function agentDiagnosis(
  name: string,
  named: boolean,
  probe: Probed | null,
): readonly Diagnosis[] {
  const check = `runner ${name}`;
  if (probe === null) {
    const found = "this version of `ra` cannot drive it";
    return named ? [problem(check, found, "name another runner in the config")] : [];
  }
  if (probe.ok) {
    const version = probe.version === null ? "" : `${probe.version.split("\n")[0]}, `;
    const login = logins[String(probe.loggedIn)] ?? "";
    return [
      well(check, `${version}starts; ${login}a login that has run out shows at its first task`),
    ];
  }
  const say = named ? problem : note;
  return [say(check, probe.message, probe.fix)];
}
