import { type Diagnosis, problem, well } from "../../core/diagnosis.ts";
import { importRunner } from "../builtin.ts";
import type { Terminal } from "../command.ts";
import { commands } from "../commands.ts";
import { runDemo } from "../demo-run.ts";
import { runnerNames } from "../runner-names.ts";

/** Loads every part of the program and runs the demo's plan in a throw-away repository, without a word of its own. */
export async function selftest(terminal: Terminal): Promise<readonly Diagnosis[]> {
  return [await attempt("parts", loadAll), await attempt("demo", () => demo(terminal))];
}

async function attempt(check: string, work: () => Promise<string>): Promise<Diagnosis> {
  try {
    return well(check, await work());
  } catch (error) {
    const fix = "report it, with what `ra demo` prints";
    return problem(check, (error as Error).message.replace(/\s+/g, " "), fix);
  }
}

/** A part that was left out of the binary shows only when it is loaded. */
async function loadAll(): Promise<string> {
  await Promise.all(commands.map((command) => command.load()));
  const loaded = await Promise.all(runnerNames.map((name) => importRunner(name).catch(() => null)));
  const runners = loaded.filter((runner) => runner !== null).length;
  if (runners === 0) throw new Error("no runner can be loaded");
  return `${commands.length} commands and ${runners} runners can be loaded`;
}

async function demo(terminal: Terminal): Promise<string> {
  const { cwd, env, columns } = terminal;
  const silent: Terminal = {
    ...{ cwd, env, columns, interactive: false, color: false },
    out: () => undefined,
    err: () => undefined,
    ask: async () => null,
  };
  const began = performance.now();
  await runDemo(silent, { keep: false, look: async () => undefined });
  return `its plan ran to its end in ${((performance.now() - began) / 1000).toFixed(1)} s`;
}
