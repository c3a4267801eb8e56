import { expect, test } from "bun:test";
import { checkConfig } from "../../cli/config-file.ts";

/** A user's own config with one schedule of a plan `a`, which needs `n`. */
function checkedWith(schedule: string) {
  const plans = "plans: { a: { file: a.yaml, params: { n: { type: number, max: 9 } } } }";
  const text = `serve:\n  ${plans}\n  cron: { x: ${schedule} }\n`;
  return checkConfig(text, { own: true, runners: ["shell"] });
}

test("a schedule is read with its defaults", async () => {
  const checked = await checkedWith('{ plan: a, params: { n: 3 }, at: "30 2 * * *", late: 2h }');

  expect(checked.ok && checked.value.serve?.cron).toEqual([
    {
      ...{ name: "x", plan: "a", params: { n: 3 }, at: "30 2 * * *", timeZone: null },
      lateMs: 7_200_000,
    },
  ]);
});

for (const [schedule, said] of [
  ['{ plan: b, at: "@daily" }', "3:22 there is no plan `b` in `serve.plans`"],
  ['{ plan: a, at: "@daily" }', "3:16 the parameter `n` of the plan `a` is missing"],
  ['{ plan: a, at: "@daily", params: { n: 10 } }', "`n` must be a whole number from 0 to 9"],
  ['{ plan: a, at: "@daily", params: { n: 1, m: 1 } }', "the plan `a` has no parameter `m`"],
  ['{ plan: a, params: { n: 1 }, at: "61 * * * *" }', "Invalid value for minute: 61"],
  ['{ plan: a, params: { n: 1 }, at: "* * *" }', "`at` must be five fields"],
  ['{ plan: a, params: { n: 1 }, at: "0 0 30 2 *" }', "`at` must be a time that comes"],
  [
    '{ plan: a, params: { n: 1 }, at: "@daily", timeZone: Mars/Olympus }',
    "3:67 `timeZone` must be a time zone such as `Europe/Berlin`",
  ],
  ['{ plan: a, params: { n: 1 }, at: "@daily", late: 25d }', "`late` must be from 1ms to 24d"],
  ['{ plan: a, params: { n: 1 }, at: "@daily", late: soon }', "must be a duration"],
  ["{ plan: a }", "`at` is missing"],
  ["{ plan: [a], at: 1, params: 2 }", "must be a text"],
  ["1", "must be a map"],
] as const) {
  test(`a schedule that cannot be is told at its place: ${schedule}`, async () => {
    const checked = await checkedWith(schedule);

    const issues = checked.ok ? [] : checked.error;
    const told = issues.map(({ line, column, message }) => `${line}:${column} ${message}`);
    expect(told.join("\n")).toContain(said);
  });
}
