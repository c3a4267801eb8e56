import { checkFacts, jsonPlan, makePlace, ra, wide, yamlPlan } from "./place.ts";
import { compare, render } from "./ratio.ts";

/** What `ra dispatch` adds to 1,000 tasks that do nothing, against `xargs`; every fact must be in the registry. */
const rounds = Number(process.argv[2] ?? 9);
const tasks = 1000;
const cap = 8;
using place = makePlace();
const { directory, env } = place;
const list = wide(tasks);
const words = place.write("list", list.map(() => "x\n").join(""));
const plans = {
  JSON: place.write("plan.json", jsonPlan(list, cap)),
  YAML: place.write("plan.yaml", yamlPlan(list, cap)),
};

const lines = place.write("lines", list.map(() => "/bin/true\n").join(""));
/** One program for all, and the same list as command lines, which only a shell can run. */
const others = {
  program: { name: `xargs -P${cap}`, argv: ["xargs", "-a", words, `-P${cap}`, "-n1", "/bin/true"] },
  shell: {
    name: `xargs -P${cap} sh -c`,
    argv: ["xargs", "-a", lines, `-P${cap}`, "-I", "LINE", "sh", "-c", "LINE"],
  },
} as const;

measure(others.program, "JSON");
measure(others.program, "YAML");
measure(others.shell, "JSON");

function measure(other: (typeof others)[keyof typeof others], format: keyof typeof plans): void {
  const comparison = compare(
    { ...other, cwd: directory },
    {
      name: `ra dispatch, ${format}`,
      argv: [ra, "dispatch", plans[format]],
      cwd: directory,
      env,
      prepare: place.forget,
      check: () => checkFacts(directory, tasks),
    },
    rounds,
  );
  process.stdout.write(`${render(comparison)}\n`);
}
