import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../support/program.ts";
import { simulate } from "./simulate.ts";

/*
 * Plays seeds against the simulated world: `bun test/simulation/run.ts --seeds N --from S`. `--seed S` plays one and prints all
 * that happened. `--record` writes the result to docs/results/simulation.txt. `npm run simulate` leaves the last stage of the
 * compiler out, which in this much code that is run this seldom takes more than it gives, and lets more waste pile up.
 */

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    /** Seeds with violations after which it ends. */
    most: { type: "string", default: "200" },
    record: { type: "boolean", default: false },
  },
});

if (values.seed !== undefined) {
  const { wrong, hash, trace } = simulate(Number(values.seed), true);
  process.stdout.write(`${[...trace, `hash ${hash.toString(16)}`, ...wrong].join("\n")}\n`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
} else {
  const [from, seeds] = [Number(values.from), Number(values.seeds)];
  const counts = new Map<string, number>();
  const failed: string[] = [];
  let played = 0;
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  for (let seed = from; seed < from + seeds && failed.length < Number(values.most); seed++) {
    const { wrong, hash, counts: own } = simulate(seed);
    played += 1;
    if (seed % 20 === 0 && simulate(seed).hash !== hash)
      failed.push(`seed ${seed}: INV-17: plays in two ways`);
    for (const [what, times] of own) counts.set(what, (counts.get(what) ?? 0) + times);
    if (wrong.length > 0) failed.push(`seed ${seed}: ${wrong.join("; ")}`);
  }
  const seconds = (performance.now() - started) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const cpuSeconds = (cpu.user + cpu.system) / 1_000_000;
  const plays = played + Math.floor(played / 20);
  const say = (...args: string[]): string =>
    Bun.spawnSync(["git", ...args], { cwd: root })
      .stdout.toString()
      .trim();
  const text = [
    `seeds ${from} to ${from + played - 1}, commit ${say("rev-parse", "--short", "HEAD")}, Bun ${Bun.version}`,
    `${played} runs and ${plays - played} of them twice, ${failed.length} with violations`,
    `${cpuSeconds.toFixed(1)} s of CPU in ${seconds.toFixed(1)} s, ${((1000 * cpuSeconds) / plays).toFixed(1)} ms of CPU a run, one worker`,
    ...[...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([what, times]) => `  ${what} ${times}`),
    ...failed,
    "",
  ].join("\n");
  process.stdout.write(text);
  if (values.record) writeFileSync(join(root, "docs", "results", "simulation.txt"), text);
  process.exitCode = failed.length > 0 ? 1 : 0;
}
process.on("unhandledRejection", () => {});
