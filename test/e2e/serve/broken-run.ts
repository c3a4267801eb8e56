import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { testRepository, until } from "../../support/repository.ts";

/** A run whose `ra` was killed, and which waits at the gate `again` when it is gone on with. */
export async function brokenRun() {
  const repository = testRepository();
  const { hold } = repository;
  const later = join(repository.top, "later");
  const plan = repository.plan([
    {
      id: "a",
      run: `if [ -e ${later} ]; then ${hold("again")}; else ${hold("first")}; fi; echo a > a.txt`,
    },
  ]);
  const dispatch = await repository.start("dispatch", plan, "--json");
  await repository.arrival("first");
  dispatch.signal("SIGKILL");
  await dispatch.ended;
  await until(() => repository.living().length === 0, "the end of its task");
  writeFileSync(later, "");
  const { stdout } = await repository.ra("show", "@last", "--json");
  const { id: run } = JSON.parse(stdout) as { id: string };
  return { repository, run, path: `/api/runs/${run}/resume` };
}
