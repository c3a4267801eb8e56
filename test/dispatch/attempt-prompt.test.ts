import { expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { runAttempt } from "../../core/dispatch/attempt.ts";
import { promptPath } from "../../core/dispatch/attempt-request.ts";
import type { Job } from "../../core/plugin/index.ts";
import { thisMachine } from "../../core/process/machine.ts";
import { createRedactor } from "../../core/secret/redactor.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { makeTask, puppetRunner } from "../support/rig.ts";

/** An attempt that starts one program; gives where its log is. */
async function attemptOf(work: { kind: "prompt"; prompt: string } | null): Promise<string> {
  const directory = temporaryDirectory();
  const logPath = join(directory, "logs", "1.log");
  const run = async (job: Job) => {
    await job.start({ argv: ["true"] });
    return { ok: true, message: "", usage: null };
  };
  const task = makeTask("a", work === null ? {} : { work });
  await runAttempt(
    {
      ...{ run: "r1", task, number: 1, model: null, base: null, isolation: "none", scope: null },
      ...{ prompt: "Use s3cret-token.\nNotes", environment: {}, logPath },
      runner: { ...puppetRunner("shell"), run },
      recording: { bytesMax: 1_000_000, redactor: createRedactor(["s3cret-token"]) },
    },
    { machine: thisMachine, repository: null, directory, onSpawn() {} },
    new AbortController().signal,
  );
  return logPath;
}

test("what an agent was told stands beside its log, for its owner alone, and without secrets", async () => {
  const path = promptPath(await attemptOf({ kind: "prompt", prompt: "Go." }));

  const text = readFileSync(path, "utf8");

  expect(path).toEndWith("/1.prompt.log");
  expect(text).toMatch(/^Use .+\.\nNotes$/);
  expect(text).not.toContain("s3cret-token");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a plain command is told nothing", async () => {
  const log = await attemptOf(null);

  expect(existsSync(promptPath(log))).toBe(false);
});
