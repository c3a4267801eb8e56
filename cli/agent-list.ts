import { KnownCooldowns } from "../core/registry/cooldowns.ts";
import { liveProcesses } from "../core/registry/query.ts";
import type { Registry } from "../core/registry/registry.ts";
import { providerOf } from "../core/run/cooldown.ts";
import { probeAgent } from "./agent-probe.ts";
import type { AgentState } from "./agent-state.ts";
import type { Terminal } from "./command.ts";
import type { Config } from "./config.ts";
import { runnerNames } from "./runner-names.ts";
import { loadRunner } from "./runners.ts";

/** Asks every runner for its state. `registry` null: nothing has run here yet. */
export async function listAgents(
  terminal: Pick<Terminal, "cwd" | "env">,
  config: Config,
  registry: Registry | null,
): Promise<readonly AgentState[]> {
  const cooldowns =
    registry === null ? [] : new KnownCooldowns(registry.database).standing(undefined, Date.now());
  const running = registry === null ? [] : liveProcesses(registry.database);
  return Promise.all(
    runnerNames.map(async (name): Promise<AgentState> => {
      const settings = config.runners[name];
      const named = settings?.provider ?? null;
      const provider = providerOf(name, null, named === null ? {} : { [name]: named });
      const { cwd, env } = terminal;
      const probe = await probeAgent(name, config, env, cwd);
      const traits = probe === null ? null : (await loadRunner(name, config, env, cwd)).traits;
      const trouble = probe === null || probe.ok ? null : probe;
      const unknown = probe === null ? "this version of `ra` cannot drive it" : null;
      return {
        name,
        usable: probe?.ok === true,
        version: probe?.ok ? (probe.version?.split("\n")[0] ?? null) : null,
        message: trouble?.message ?? unknown,
        fix: trouble?.fix ?? null,
        parallel: traits?.parallel ?? null,
        isolation: traits?.isolation ?? null,
        concurrency: settings?.concurrency ?? null,
        provider,
        running: running.filter(({ runner }) => runner === name).length,
        cooldowns: cooldowns.filter((each) => isOf(each.provider, provider)),
      };
    }),
  );
}

function isOf(provider: string, account: string): boolean {
  return provider === account || provider.startsWith(`${account}/`);
}
