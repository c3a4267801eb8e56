import { expect, test } from "bun:test";
import { probeCgroup } from "../../../core/process/cgroup-probe.ts";
import { ending, statuses, testRepository } from "../../support/repository.ts";
import { writeUserConfig } from "../../support/user-config.ts";

const probe = probeCgroup();
if (!probe.usable) console.log(`fork storms are skipped: ${probe.reason}`);

test.skipIf(!probe.usable)(
  "a task that starts far more processes than it may is ended as a whole, and the run goes on",
  async () => {
    const repository = testRepository();
    writeUserConfig(repository.env.XDG_CONFIG_HOME ?? "", "processes: 100\n");
    // Bounded: whatever happens, it is three hundred processes that sleep.
    const storm = "for i in $(seq 300); do sleep 326 & done; wait";
    const plan = repository.plan([
      { id: "storm", run: storm },
      { id: "after", run: "sleep 1; echo done > after.txt" },
    ]);

    const result = await repository.ra("dispatch", plan, "--json");
    const { message } = ending(result).tasks[0]?.error ?? {};

    expect([result.code, statuses(result)]).toEqual([1, { storm: "error", after: "done" }]);
    // Where the kernel keeps the group below the limit, its forks fail instead.
    expect(message).toMatch(/processes at a time, and 100 is the most|exit/i);
    expect(repository.living()).toEqual([]);
    expect(repository.git("show", "main:after.txt")).toBe("done");
  },
);
