import { RaError } from "../core/error.ts";
import type { Probe } from "../core/plugin/runner.ts";
import type { Config } from "./config.ts";
import { loadRunner } from "./runners.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** How long an agent may take to say its version, in milliseconds. */
const probeMs = 15_000;

/** What a runner's probe says, and whether a login is set up; null where the agent cannot say. */
export type Probed = Probe & { readonly loggedIn?: boolean | null };

/** What a runner says of itself, in time; null: this version of `ra` cannot drive that agent. */
export async function probeAgent(
  name: string,
  config: Config,
  env: Variables,
  cwd: string,
): Promise<Probed | null> {
  const signal = AbortSignal.timeout(probeMs);
  const late: Probe = {
    ok: false,
    message: `\`${name}\` did not say its version within ${probeMs / 1000} s`,
    fix: `${name} --version`,
  };
  try {
    const runner = await loadRunner(name, config, env, cwd);
    // A child of the agent may hold its output for ever.
    const out = new Promise<Probe>((resolve) =>
      signal.addEventListener("abort", () => resolve(late)),
    );
    const ask = async (): Promise<Probed> => {
      const said = await runner.probe(signal);
      return said.ok ? { ...said, loggedIn: (await runner.loggedIn?.(signal)) ?? null } : said;
    };
    return await Promise.race([ask(), out]);
  } catch (error) {
    if (error instanceof RaError && error.code === "RUNNER_MISSING") return null;
    return {
      ok: false,
      message: `its probe failed: ${(error as Error).message}`,
      fix: `${name} --version`,
    };
  }
}
