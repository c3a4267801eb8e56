import { describe, expect, test } from "bun:test";
import { problemsJson, type Report, renderProblems } from "../../cli/view/problem.ts";
import { loadPlan } from "../../core/plan/load.ts";
import type { Issue } from "../../core/plan/plan.ts";

const runners = ["kilo", "claude", "shell"];
const narrow = { color: false, columns: 60 };

function reportOf(text: string): Report {
  const plan = loadPlan(text, { runners });
  return { file: "plan.yaml", text, issues: plan.ok ? [] : plan.error };
}

function mark(text: string, column: number, length: number, hint?: string): Report {
  const issue: Issue = { code: "X", message: "m", line: 1, column, length };
  return { file: "f", text, issues: [hint ? { ...issue, hint } : issue] };
}

/** The excerpt and the caret line of the only problem. */
function excerptOf(report: Report, columns = 60): string {
  return renderProblems([report], { color: false, columns }).split("\n").slice(2).join("\n");
}

describe("problems", () => {
  test("are shown with place, excerpt, mark and hint", () => {
    const text = `version: 1
tasks:
  - {id: payments, prompt: p}
  - id: e2e
    prompt: p
    deps: [payments, payment]
    timeout: 30
`;

    const shown = renderProblems([reportOf(text)], { color: false, columns: 100 });

    expect(
      shown,
    ).toBe(`error[PLAN_UNKNOWN_TASK]: task \`e2e\` needs \`payment\`, which does not exist
  plan.yaml:6:22
    6 |     deps: [payments, payment]
      |                      ^^^^^^^ did you mean \`payments\`?

error[PLAN_WRONG_TYPE]: \`timeout\` must be a duration such as \`30s\`, \`5m\` or \`2h\`, not \`30\`
  plan.yaml:7:14
    7 |     timeout: 30
      |              ^^ write \`30s\` for seconds or \`30m\` for minutes
`);
  });

  test("put a hint that is too wide on a line of its own", () => {
    const shown = excerptOf(
      mark("timeout: 30", 10, 2, "write it in a way that takes up quite some room"),
    );

    expect(shown).toBe(`    1 | timeout: 30
      |          ^^
      | write it in a way that takes up quite some room
`);
  });

  test("align the mark behind tabs and wide characters", () => {
    expect(excerptOf(mark("\tx: y", 2, 1))).toBe(`    1 |     x: y
      |     ^
`);
    expect(excerptOf(mark("名: 前前 z", 4, 2))).toBe(`    1 | 名: 前前 z
      |     ^^^^
`);
    expect(excerptOf(mark("👩‍👩‍👧: z", "👩‍👩‍👧: ".length + 1, 1))).toBe(`    1 | 👩‍👩‍👧: z
      |     ^
`);
  });

  test("show the control characters of a file as escapes", () => {
    const report = mark("a\u001b[2J\u202eb: c", 7, 1);

    expect(excerptOf(report)).toBe(`    1 | a\\u001b[2J\\u202eb: c
      |                 ^
`);
    const named = { ...report, file: "a\nb\u001b[0m" };
    expect(renderProblems([named], narrow)).toContain("\n  a\\u000ab\\u001b[0m:1:7\n");
  });

  test("cut a long line around the mark", () => {
    const text = `${"a".repeat(500)}XYZ${"b".repeat(500)}`;

    const [excerpt = "", caret = ""] = excerptOf(mark(text, 501, 3), 40).split("\n");

    expect(excerpt).toBe(`    1 | …${"a".repeat(13)}XYZ${"b".repeat(14)}…`);
    expect(caret.indexOf("^")).toBe(excerpt.indexOf("X"));
    expect(caret).toEndWith("^^^");
  });

  test("keep every line within the columns, wherever the mark is", () => {
    const text = `${"ab 名".repeat(3000)}\tend`;
    const columns = 50;

    const widths = [1, 2, 3, 4, 30, 5000, 11_999, 12_001, 12_004].flatMap((column) =>
      [1, 3, 200, 20_000].map((length) => {
        const lines = excerptOf(mark(text, column, length, "short"), columns).split("\n");
        return Math.max(...lines.map((line) => Bun.stringWidth(line)));
      }),
    );

    expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
  });

  test("of a file with very many end after fifty", () => {
    const tasks = Array.from({ length: 60 }, (_, i) => ({ id: `t${i}` }));

    const shown = renderProblems([reportOf(JSON.stringify({ version: 1, tasks }))], narrow);

    expect(shown.match(/^error/gm)?.length).toBe(50);
    expect(shown).toEndWith("\n\n10 more problems in plan.yaml\n");
  });

  test("are coloured only when asked", () => {
    const report = mark("a: b", 4, 1, "h");

    expect(renderProblems([report], { color: true, columns: 60 })).toContain(
      "\u001b[1;31m^\u001b[0m",
    );
    expect(renderProblems([report], narrow)).not.toContain("\u001b");
  });

  test("of a file without text have no excerpt", () => {
    const report = { ...mark("", 1, 1, "save it as UTF-8"), text: null };

    expect(renderProblems([report], narrow)).toBe("error[X]: m\n  f:1:1\n  save it as UTF-8\n");
  });

  test("are one JSON object for programs", () => {
    const text = problemsJson([mark("a", 1, 1), mark("b", 1, 1, "h")]);

    const shared = { code: "X", message: "m", file: "f", line: 1, column: 1 };
    expect(JSON.parse(text)).toEqual({
      v: 1,
      ok: false,
      problems: [
        { ...shared, hint: null },
        { ...shared, hint: "h" },
      ],
    });
    expect(text).toEndWith("}\n");
  });
});
