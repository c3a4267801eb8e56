import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkConfig } from "../../cli/config-file.ts";
import { continueFileName, readAnswer } from "../../cli/followers.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

const config = `concurrency: 4
logs: { max: 64KB, total: 1GB, failed: remove }
results: { files: 10, bytes: 5MB }
secrets: [A, "B"]
runners:
  kilo: { concurrency: 1, command: [npx, kilo], env: [MY_KEY] }
`;

test("a config that was cut at any length is read, or refused at a place", async () => {
  for (let length = 0; length <= config.length; length++) {
    const read = await checkConfig(config.slice(0, length), { own: true, runners: ["kilo"] });

    const isTold =
      read.ok || read.error.every(({ code, message }) => code !== "" && message !== "");
    expect([length, isTold]).toEqual([length, true]);
  }
});

test("a continue file that was cut at any length answers nothing until it is whole", () => {
  const path = join(temporaryDirectory(), continueFileName);
  const whole = JSON.stringify({ timestamp: 1, action: "continue" });

  const answers = Array.from({ length: whole.length + 1 }, (_, length) => {
    writeFileSync(path, whole.slice(0, length));
    return readAnswer(path);
  });

  expect(answers.slice(0, -1).filter((answer) => answer !== null)).toEqual([]);
  expect(answers.at(-1)).toBe("continue");
});
