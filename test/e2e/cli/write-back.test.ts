import { expect, test } from "bun:test";
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { statuses, type TestRepository, testRepository, until } from "../../support/repository.ts";
import { fakeKilo } from "./agent.ts";

/** As a person or another program may have written it: odd spaces, CRLF, keys `ra` does not know. */
const text = [
  '{ "timestamp":"2026-11-21T10:00:00Z",\t"status" : "approved", "mode": "auto",',
  '  "tasks": [',
  '    {"id":1,   "description":"First \\u00e9", "platform":"Kilo", "taskStatus": "done", "x":[1, 2 ]},',
  '    {"id":2, "description":"Second", "platform":"kilo", "taskStatus":"pending", "error": "old"},',
  '    {"id":3, "description":"Third", "platform":"kilo", "deps":[2]},',
  '    {"id":4, "description":"Fourth", "platform":"kilo", "deps":[3]} ],',
  '  "chat" : {"id": 17}  }',
  "",
].join("\r\n");

function dispatchFile(repository: TestRepository): string {
  fakeKilo(
    repository,
    `case $RA_TASK in 2) ${repository.hold("two")};; 3) echo broken >&2; exit 9;; esac; echo x > $RA_TASK.txt`,
  );
  const path = join(repository.top, "dispatch.json");
  writeFileSync(path, text);
  return path;
}

test("writes what becomes of each task, and leaves every other byte alone", async () => {
  const repository = testRepository();
  const path = dispatchFile(repository);
  const dispatch = await repository.start("dispatch", path, "--write-back", "--json");
  await repository.arrival("two");

  await until(() => readFileSync(path, "utf8").includes("running"), "the first word");
  const during = readFileSync(path, "utf8");
  repository.open("two");
  const result = await dispatch.ended;

  const third = "crashed: kilo broke off with exit 9: broken";
  const started = text.replace('"pending", "error": "old"', '"running", "error": null');
  expect(during).toBe(started);
  expect(readFileSync(path, "utf8")).toBe(
    started
      .replace("approved", "completed")
      .replace("running", "done")
      .replace('"deps":[2]', `"deps":[2],"taskStatus":"error","error":"${third}"`)
      .replace('"deps":[3]', '"deps":[3],"taskStatus":"skipped","error":"skipped because of 3"'),
  );
  expect(statuses(result)).toEqual({ 2: "done", 3: "error", 4: "skipped" });
  expect(readdirSync(dirname(path)).filter((name) => name.startsWith("dispatch"))).toEqual([
    "dispatch.json",
  ]);
});

test("keeps the file's mode and the link that leads to it", async () => {
  const repository = testRepository();
  const path = dispatchFile(repository);
  const link = join(repository.top, "link.json");
  chmodSync(path, 0o640);
  symlinkSync(path, link);
  repository.open("two");

  await repository.ra("dispatch", link, "--write-back");

  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(JSON.parse(readFileSync(path, "utf8")).status).toBe("completed");
});

test("says so when a run was interrupted, and takes it back when it is resumed", async () => {
  const repository = testRepository();
  const path = dispatchFile(repository);
  const dispatch = await repository.start("dispatch", path, "--write-back");
  await repository.arrival("two");
  const read = () => JSON.parse(readFileSync(path, "utf8"));

  dispatch.signal("SIGTERM");
  const interrupted = await dispatch.ended;
  const during = read();
  repository.open("two");
  const resumed = await repository.ra("resume", "@last", "--write-back", "--json");

  expect(interrupted.code).toBe(143);
  expect([during.status, during.tasks[1].taskStatus]).toEqual(["stopped", "stopped"]);
  expect(statuses(resumed)).toEqual({ 2: "done", 3: "error", 4: "skipped" });
  expect([read().status, read().tasks[1].taskStatus]).toEqual(["completed", "done"]);
});

test("tells once that the file cannot be written, and goes on", async () => {
  const repository = testRepository();
  const path = dispatchFile(repository);
  const dispatch = await repository.start("dispatch", path, "--write-back", "--json");
  await repository.arrival("two");

  writeFileSync(path, "[]");
  repository.open("two");
  const result = await dispatch.ended;

  expect(result.stderr.match(/ra: cannot write to/g)).toHaveLength(1);
  expect(statuses(result)).toMatchObject({ 2: "done" });
  expect(readFileSync(path, "utf8")).toBe("[]");
});

test("is refused for a plan, which has no place for it", async () => {
  const repository = testRepository();

  const result = await repository.ra(
    "dispatch",
    repository.plan([{ id: "a", run: "true" }]),
    "--write-back",
  );

  expect(result.code).toBe(2);
  expect(result.stderr).toMatch(/^error\[USAGE\]: `--write-back` needs a dispatch file\nfix: /);
});
