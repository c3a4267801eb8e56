import type { Probe, RunnerHost } from "./runner.ts";

/** Asks a program for its version. One that is missing or does not start gets `install` as its fix. */
export async function probeVersion(
  host: RunnerHost,
  program: readonly [string, ...string[]],
  install: string,
  signal: AbortSignal,
): Promise<Probe> {
  const version = await host.query([...program, "--version"], signal);
  if (version !== null) return { ok: true, version: version.trim() };
  return { ok: false, message: `\`${program[0]}\` was not found or does not start`, fix: install };
}
