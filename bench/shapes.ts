import { jsonPlan, makePlace, makeRepository, type PlannedTask, ra, wide } from "./place.ts";
import { compare, render } from "./ratio.ts";

/**
 * A chain, and layers of tasks with three dependencies each, against `make -j`, for information; and three tasks of 2 s
 * with one that needs them, in clones, against the 4 s of their longest chain.
 */
const rounds = Number(process.argv[2] ?? 5);
const cap = 8;
const chainLength = 1000;
const [layers, width, depsEach] = [100, 20, 3];

const shapes: Readonly<Record<string, readonly PlannedTask[]>> = {
  "1,000 wide": wide(chainLength),
  "chain of 1,000": wide(chainLength).map((task, at) =>
    at === 0 ? task : { ...task, deps: [`t${at - 1}`] },
  ),
  "100 layers x 20, 3 deps each": wide(layers * width).map((task, at) => {
    const below = at - (at % width) - width;
    const dep = (nth: number): string => `t${below + ((at + nth * 7) % width)}`;
    return below < 0 ? task : { ...task, deps: Array.from({ length: depsEach }, (_, n) => dep(n)) };
  }),
};

if (Bun.which("make") === null) {
  process.stdout.write("make is not installed: nothing to compare with\n");
} else {
  for (const [name, tasks] of Object.entries(shapes)) measure(name, tasks);
}

measureLongestChain();

function measureLongestChain(): void {
  using place = makePlace();
  makeRepository(place);
  const { directory, env } = place;
  const ids = ["a", "b", "c"];
  const work = (id: string) => ({ id, run: `sleep 2; echo $RA_RUN > ${id}.txt` });
  const tasks = [...ids.map(work), { ...work("last"), deps: ids }];
  const plan = place.write("plan.json", JSON.stringify({ version: 1, mode: "auto", tasks }));
  const argv = [ra, "dispatch", plan] as const;
  const comparison = compare(
    { name: "sleep 4", argv: ["sleep", "4"] },
    { name: "ra dispatch", argv: [...argv], cwd: directory, env },
    Math.min(rounds, 3),
  );
  process.stdout.write(`three tasks of 2 s, then one of 2 s\n${render(comparison)}\n`);
}

function measure(name: string, tasks: readonly PlannedTask[]): void {
  using place = makePlace();
  const { directory, env } = place;
  const plan = place.write("plan.json", jsonPlan(tasks, cap));
  const makefile = place.write("Makefile", makefileOf(tasks));
  const comparison = compare(
    { name: `make -j${cap}`, argv: ["make", "-s", `-j${cap}`, "-f", makefile], cwd: directory },
    {
      name: "ra dispatch",
      argv: [ra, "dispatch", plan],
      cwd: directory,
      env,
      prepare: place.forget,
    },
    rounds,
  );
  process.stdout.write(`${name}\n${render(comparison)}\n`);
}

function makefileOf(tasks: readonly PlannedTask[]): string {
  const names = tasks.map(({ id }) => id).join(" ");
  const rules = tasks.map(({ id, run, deps = [] }) => `${id}: ${deps.join(" ")}\n\t@${run}\n`);
  return `all: ${names}\n.PHONY: all ${names}\n${rules.join("")}`;
}
