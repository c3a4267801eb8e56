import { expect, test } from "bun:test";
import { type Row, withRows } from "./contract-table.ts";

const row = (more: Partial<Row>): Row => ({
  ...{ agent: "kilo", version: "7.7.7", situation: "edits", end: "done", exitCode: 0 },
  ...{ attempts: 1, leftovers: 0, ...more },
});

const table = `| agent | edits | hangs |
| --- | --- | --- |
| claude 2.1.0 | done, 0, 0 | timeout, 1, 0 |
| kilo 7.7.7 | done, 0, 1 | timeout, 1, 0 |`;

test("a new situation is a column in which the agents that did not play it have nothing", () => {
  const rows = [row({}), row({ situation: "writes outside", attempts: 2 })];

  expect(withRows(table, rows, ["edits", "writes outside", "hangs"])).toBe(
    `| agent | edits | writes outside | hangs |
| --- | --- | --- | --- |
| claude 2.1.0 | done, 0, 0 | – | timeout, 1, 0 |
| kilo 7.7.7 | done, 0, 0 | done, 0, 2 attempts, 0 | timeout, 1, 0 |`,
  );
});

test("a new version of an agent takes the place of its line, and nothing of the old one", () => {
  const written = withRows(table, [row({ version: "7.8.0" })], ["edits", "hangs"]);

  expect(written.split("\n").slice(2)).toEqual([
    "| claude 2.1.0 | done, 0, 0 | timeout, 1, 0 |",
    "| kilo 7.8.0 | done, 0, 0 | – |",
  ]);
});

test("agents whose names begin alike do not meet", () => {
  const rows = [row({ agent: "acp, Gemini CLI", version: "0.61.0" })];
  const written = withRows(withRows("", rows, ["edits"]), [row({ agent: "gemini" })], ["edits"]);

  expect(written.split("\n").slice(2)).toEqual([
    "| acp, Gemini CLI 0.61.0 | done, 0, 0 |",
    "| gemini 7.7.7 | done, 0, 0 |",
  ]);
});
