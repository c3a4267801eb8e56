import { processIdentity } from "../../core/process/table.ts";
import { Registry } from "../../core/registry/registry.ts";
import type { Fact } from "../../core/run/event.ts";
import { attemptFinished, attemptStarted, samplePlan, started } from "./sample.ts";

/** A process of its own that records attempts of one run: `stateDir run attempts`. Prints the `seq` of each event. */
async function main([stateDir = "", run = "", count = "0"]: readonly string[]): Promise<void> {
  const owner = processIdentity(process.pid);
  await using registry = await Registry.open({ stateDir });
  const seqs: number[] = [];
  const record = async (facts: readonly Fact[]): Promise<void> => {
    for (const { seq } of await registry.commit(run, () => facts)) seqs.push(seq);
  };
  await record([started(samplePlan(["a"]), owner)]);
  for (let attempt = 1; attempt <= Number(count); attempt++) {
    await record([attemptStarted("a", attempt, ["src/**"])]);
    await record([attemptFinished("a", attempt, { kind: "failed", message: "no" })]);
  }
  process.stdout.write(JSON.stringify(seqs));
}

await main(process.argv.slice(2));
