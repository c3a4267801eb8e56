import { expect, test } from "bun:test";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Aftermath, recoverRun } from "../../core/dispatch/aftermath.ts";
import { thisMachine } from "../../core/process/machine.ts";
import { ownerMark } from "../../core/process/table.ts";
import type { Fact } from "../../core/run/event.ts";
import type { GitRepository, Workspace } from "../../core/workspace/workspace.ts";
import {
  attemptFinished,
  attemptStarted,
  nobody,
  samplePlan,
  sampleTask,
  spawned,
  started,
  taskFinished,
} from "../registry/sample.ts";
import { openRegistry } from "../registry/temporary.ts";
import { onTestEnd } from "../support/leftovers.ts";
import { type Fixture, makeRepository, request } from "../workspace/fixture.ts";

const run = "r7k2";
const message = `dispatch: task api\n\nRa-Run: ${run}\nRa-Task: api\n`;

/** A checkout in which task `api` has made `made.txt` and appended to `a.txt`, and the commit that would land it. */
async function workInPlace(fixture: Fixture): Promise<{
  readonly repository: GitRepository;
  readonly workspace: Workspace;
  readonly from: string;
  readonly kept: string;
  readonly to: string;
}> {
  const repository = await fixture.open();
  const from = fixture.head();
  const workspace = await repository.open(request(fixture, { isolation: "in-place" }));
  writeFileSync(join(fixture.dir, "made.txt"), "made\n");
  appendFileSync(join(fixture.dir, "a.txt"), "more\n");
  const kept = (await workspace.snapshot("work"))!.commit;
  const merge = await repository.merge({ base: workspace.base!, ours: from, theirs: kept });
  const { tree } = merge as { tree: string };
  const to = await repository.commit({ tree, parent: from, message });
  return { repository, workspace, from, kept, to };
}

async function recovered(
  fixture: Fixture,
  repository: GitRepository,
  facts: readonly Fact[],
): Promise<Aftermath> {
  const log = await openRegistry(join(fixture.dir, ".git", "ra"));
  const plan = samplePlan([sampleTask("api", { isolation: "in-place" })]);
  const begin = {
    ...started(plan, nobody),
    base: fixture.git("rev-list", "--max-parents=0", "main"),
  };
  const first = { ...attemptStarted("api"), isolation: "in-place" } as Fact;
  await log.commit(run, () => [begin as Fact, first, spawned("api", 1, nobody), ...facts]);
  return recoverRun({ log, run, machine: thisMachine, repository });
}

const finished = (kept: string): Fact =>
  ({ ...attemptFinished("api", 1, { kind: "succeeded", commit: kept }), kept }) as Fact;

const landedFacts = (commit: string): Fact[] => [
  {
    type: "merge.finished",
    task: "api",
    attempt: 1,
    landing: { kind: "merged", commit },
    warnings: [],
  },
  { ...taskFinished("api"), commit } as Fact,
];

function expectLanded(fixture: Fixture): void {
  expect(fixture.git("status", "--porcelain")).toBe("");
  expect(readFileSync(join(fixture.dir, "made.txt"), "utf8")).toBe("made\n");
  expect(fixture.git("for-each-ref", "--format=%(refname)", "refs/ra/**/*.b*")).toBe("");
}

test("work in the checkout that has landed stays there when its workspace was not closed any more", async () => {
  const fixture = makeRepository();
  const { repository, from, kept, to } = await workInPlace(fixture);
  await repository.publish({ target: "main", from, to, inPlace: true });

  await recovered(fixture, repository, [finished(kept), ...landedFacts(to)]);

  expectLanded(fixture);
});

test("work in the checkout that has landed stays there when the log did not know it yet", async () => {
  const fixture = makeRepository();
  const { repository, from, kept, to } = await workInPlace(fixture);
  await repository.publish({ target: "main", from, to, inPlace: true });

  const { results } = await recovered(fixture, repository, [finished(kept)]);

  expect(results.size).toBe(0);
  expectLanded(fixture);
});

test("work in the checkout lands although the landing that was cut off took it back", async () => {
  const fixture = makeRepository();
  const { repository, from, kept, to } = await workInPlace(fixture);
  const lock = join(fixture.dir, ".git", "index.lock");
  writeFileSync(lock, `ra ${nobody.pid} ${nobody.startTicks} ${from} ${to} main\n`);

  const { results } = await recovered(fixture, repository, [finished(kept)]);
  const published = await repository.publish({ target: "main", from, to, inPlace: true });
  await results.get("api")?.close();

  expect([existsSync(lock), published]).toEqual([false, { kind: "landed" }]);
  expectLanded(fixture);
});

test("a git of an earlier owner is ended, although the next one died before it had looked", async () => {
  const fixture = makeRepository();
  const log = await openRegistry(join(fixture.dir, ".git", "ra"));
  const owner = { pid: nobody.pid, startTicks: 7 };
  const git = Bun.spawn(["sleep", "60"], { env: { RA_OWNER: ownerMark(owner) } });
  onTestEnd(async () => {
    git.kill("SIGKILL");
    await git.exited;
  });
  await log.commit(run, () => [
    { ...started(samplePlan(["api"]), owner), base: fixture.head() } as Fact,
    { type: "run.resumed", owner: nobody, epoch: 2 },
  ]);

  const { told } = await recoverRun({
    ...{ log, run, machine: thisMachine },
    repository: await fixture.open(),
  });

  await git.exited;
  expect([git.signalCode, told]).toEqual([
    "SIGTERM",
    [`1 process of it ended: ${git.pid} (sleep)`],
  ]);
});

test("the commit that was recorded as kept stays pinned, although its workspace was not closed any more", async () => {
  const fixture = makeRepository();
  const repository = await fixture.open();
  const workspace = await repository.open(request(fixture));
  writeFileSync(join(workspace.path, "made.txt"), "made\n");
  writeFileSync(join(workspace.path, ".ra-dropped-lines"), "no part of an answer\n");
  const commit = (await workspace.snapshot("work"))!.commit;
  // As the answer to a conflict is kept.
  const without = [".ra-dropped-lines"];
  const kept = await repository.replant({ commit, parent: fixture.head(), without });
  await repository.pin(`refs/ra/${run}/api/1`, kept);
  const log = await openRegistry(join(fixture.dir, ".git", "ra"));
  await log.commit(run, () => [
    { ...started(samplePlan(["api"]), nobody), base: fixture.head() } as Fact,
    attemptStarted("api"),
    spawned("api", 1, nobody),
    finished(kept),
  ]);

  await recoverRun({ log, run, machine: thisMachine, repository });

  expect(fixture.git("rev-parse", `refs/ra/${run}/api/1`)).toBe(kept);
});
