import { expect, test } from "bun:test";
import { takeRun } from "../../cli/takeover.ts";
import { type Machine, thisMachine } from "../../core/process/machine.ts";
import type { GitRepository } from "../../core/workspace/workspace.ts";
import { nobody, runFinished, samplePlan, started } from "../registry/sample.ts";
import { openRegistry, stateDirectory } from "../registry/temporary.ts";
import { quietTerminal } from "../support/terminal.ts";

const plan = samplePlan(["a"]);

/** Starts a run where other runs of dead `ra` are left. Gives what was done, in its order. */
async function startBeside(left: { readonly ended: boolean; readonly broken: boolean }) {
  const stateDir = stateDirectory();
  const registry = await openRegistry(stateDir);
  const done: string[] = [];
  if (left.broken) await registry.commit("b2b2", () => [started(plan, nobody)]);
  if (left.ended)
    await registry.commit("e3e3", () => [started(plan, nobody), runFinished("succeeded")]);
  const repository = {
    standingRuns: async () => (left.ended ? ["e3e3"] : []),
    tidy: async (run: string) => void done.push(`tidy ${run}`),
    mend: async () => {
      done.push("mend");
      return ["a lock is gone"];
    },
  } as unknown as GitRepository;
  const machine: Machine = {
    ...thisMachine,
    async endOrphans() {
      done.push("end processes");
      return { found: [], survivors: [] };
    },
  };
  const { terminal, told } = quietTerminal();
  const taking = { terminal, registry, run: "r7k2", place: { stateDir }, repository, machine };
  await takeRun({ ...taking, state: undefined }, () => {
    done.push("start");
    return started(plan);
  });
  return { done, said: told.err };
}

test.each([
  ["both kinds", { ended: true, broken: true }, ["tidy e3e3", "end processes", "mend"]],
  ["one that has ended", { ended: true, broken: false }, ["tidy e3e3", "mend"]],
  ["one that has broken off", { ended: false, broken: true }, ["end processes", "mend"]],
])("a start beside what is left of other runs mends once: %s", async (_, left, before) => {
  const { done, said } = await startBeside(left);

  expect(done).toEqual([...before, "start"]);
  expect(said).toBe("ra: a lock is gone\n");
});

test("a start beside nothing that is left mends nothing", async () => {
  expect(await startBeside({ ended: false, broken: false })).toEqual({ done: ["start"], said: "" });
});
