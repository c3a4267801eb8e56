import { expect, test } from "bun:test";
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  readDispatchText,
  report,
  reportPath,
  tellingFiles,
  writesBack,
} from "../../cli/watch/watched-file.ts";
import type { RequestStore } from "../../core/queue/request.ts";
import { queued } from "../queue/request.ts";
import { me, runFinished, samplePlan, started } from "../registry/sample.ts";
import { openRegistry } from "../registry/temporary.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

/** An approved dispatch file. */
function approved() {
  const directory = temporaryDirectory("ra-watched");
  const path = join(directory, "plan.json");
  const text = JSON.stringify({ status: "approved", tasks: [{ id: "a", description: "Do a" }] });
  writeFileSync(path, text);
  const identity = readDispatchText(text)?.identity ?? "";
  const status = (): unknown => JSON.parse(readFileSync(path, "utf8")).status;
  return { directory, file: { path, identity }, status };
}

test("a file stays approved until its run has ended for good: one that was interrupted goes on", async () => {
  const { directory, file, status } = approved();
  const registry = await openRegistry(directory);
  const run = "r7k2";
  const leave = writesBack(file, { err: () => {} })({ run, registry, interrupt: () => {} });
  const seen: unknown[] = [];

  await registry.commit(run, () => [started(samplePlan(["a"]), me())]);
  seen.push(status());
  await registry.commit(run, () => [runFinished("interrupted")]);
  seen.push(status());
  await registry.commit(run, () => [{ type: "run.resumed", owner: me() }, runFinished()]);
  seen.push(status());
  leave();

  expect(seen).toEqual(["approved", "approved", "completed"]);
});

test("a file is told of the end of its request before that is recorded", () => {
  const { file, status } = approved();
  const request = queued(1, { source: "watch", asked: JSON.stringify(file) });
  const seen: unknown[] = [];
  const store = {
    find: () => request,
    settle: () => {
      seen.push(status());
      return true;
    },
  } as unknown as RequestStore;

  tellingFiles(store).settle(request.id, {
    ...{ status: "cancelled", exitCode: null, reason: null },
  });

  expect(seen).toEqual(["stopped"]);
});

test("who reads why a file is not run reads the old reason or the new one, whole", () => {
  const { directory, file } = approved();
  report(file.path, "the first reason\n");
  const reader = openSync(reportPath(file.path), "r");

  report(file.path, "another reason\n");
  const old = readFileSync(reader, "utf8");
  closeSync(reader);

  expect(old).toEndWith("the first reason\n");
  expect(readFileSync(reportPath(file.path), "utf8")).toEndWith("another reason\n");
  expect(readdirSync(directory).sort()).toEqual(["plan.json", "plan.json.error.txt"]);
});
