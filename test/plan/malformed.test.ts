import { describe, expect, test } from "bun:test";
import { loadPlan } from "../../core/plan/load.ts";
import type { Malformed } from "./malformed.ts";
import { malformedChecks } from "./malformed-checks.ts";
import { malformedShape } from "./malformed-shape.ts";
import { malformedSyntax } from "./malformed-syntax.ts";
import { malformedTasks } from "./malformed-tasks.ts";
import { malformedValues } from "./malformed-values.ts";

const runners = ["kilo", "claude", "codex", "gemini", "opencode", "shell"];

function issuesOf(text: string): readonly string[] {
  const plan = loadPlan(text, { runners });
  if (plan.ok) return [];
  return plan.error.map(({ code, line, column, message, hint }) => {
    return `${code} ${line}:${column} ${message}${hint ? ` | ${hint}` : ""}`;
  });
}

const tables: readonly (readonly [string, readonly Malformed[]])[] = [
  ["syntax", malformedSyntax],
  ["shape", malformedShape],
  ["tasks", malformedTasks],
  ["values", malformedValues],
  ["checks", malformedChecks],
];

for (const [about, table] of tables) {
  describe(`a plan with wrong ${about} is refused for`, () => {
    for (const { name, text, expected } of table) {
      test(name, () => {
        const issues = issuesOf(text);

        expect(issues).toEqual([...expected]);
      });
    }
  });
}

test("places stay inside the text and mark at least one unit", () => {
  const all = tables.flatMap(([, table]) => table);

  const outside = all.filter(({ text }) => {
    const plan = loadPlan(text, { runners });
    const lines = text.replace(/^\uFEFF/, "").split("\n");
    return (
      !plan.ok &&
      plan.error.some(({ line, column, length }) => {
        const width = lines[line - 1]?.length ?? -1;
        return column < 1 || length < 1 || column + length - 1 > Math.max(width, 1);
      })
    );
  });

  expect(outside.map(({ name }) => name)).toEqual([]);
});
