import { checkFacts, jsonPlan, makePlace, ra, wide, yamlPlan } from "./place.ts";
import { compare, render } from "./ratio.ts";

/** How the cost grows from 1,000 tasks to 10,000: linear is a ratio of 10 or less. */
const rounds = Number(process.argv[2] ?? 5);
const cap = 8;
const [few, many] = [1_000, 10_000];
using place = makePlace();
const { directory, env } = place;
const formats = { json: jsonPlan, yaml: yamlPlan };

for (const [format, write] of Object.entries(formats)) {
  const path = (tasks: number): string =>
    place.write(`${tasks}.${format}`, write(wide(tasks), cap));
  const plans = [few, many].map((tasks) => ({ tasks, path: path(tasks) }));
  for (const command of ["check", "graph", "dispatch"]) {
    const [small, large] = plans.map((plan) => ({
      name: `ra ${command}, ${plan.tasks} tasks (${format})`,
      argv: [ra, command, plan.path] as const,
      cwd: directory,
      env,
      prepare: place.forget,
      check: () => (command === "dispatch" ? checkFacts(directory, plan.tasks) : undefined),
    }));
    if (!small || !large) throw new Error("two plans were made");
    const turns = command === "dispatch" ? Math.min(rounds, 3) : rounds;
    process.stdout.write(`${render(compare(small, large, turns))}\n`);
  }
}
