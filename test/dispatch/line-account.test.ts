import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { lostLines, type MergedTexts } from "../../core/dispatch/line-account.ts";

function texts(change: Partial<Record<keyof MergedTexts, string>>): MergedTexts {
  return { path: "a.ts", base: null, ours: null, theirs: null, result: null, ...change };
}

function lost(...all: Partial<Record<keyof MergedTexts, string>>[]): string[] {
  return lostLines(all.map(texts)).map(({ path, line, side }) => `${path} ${side} ${line}`);
}

describe("lines that a side added", () => {
  test("are all there when the result has both", () => {
    expect(lost({ base: "a\n", ours: "a\nb\n", theirs: "a\nc\n", result: "a\nb\nc\n" })).toEqual(
      [],
    );
  });

  test("are lost when the result has one side alone, or none", () => {
    const sides = { base: "a\nx\n", ours: "a\nb\n", theirs: "a\nc\n" };

    expect(lost({ ...sides, result: "a\nb\n" })).toEqual(["a.ts theirs c"]);
    expect(lost({ ...sides, result: "a\nc\n" })).toEqual(["a.ts ours b"]);
    expect(lost({ ...sides, result: "a\nb and c\n" })).toEqual(["a.ts ours b", "a.ts theirs c"]);
  });

  test("are lost when the file is gone", () => {
    expect(lost({ base: "a\n", theirs: "a\nb\n" })).toEqual(["a.ts theirs b"]);
  });

  test("may differ in white space and line ends", () => {
    expect(lost({ ours: "if (x)  {\r\n", theirs: "\ty\n", result: "  if (x) {\n  y" })).toEqual([]);
  });

  test("do not count when they are empty", () => {
    expect(lost({ base: "a", ours: "a\n\n\n", theirs: "b", result: "b" })).toEqual([]);
  });

  test("count once when both sides added them", () => {
    const sides = { base: "x", ours: "x\nimport a", theirs: "import a\nx" };

    expect(lost({ ...sides, result: "import a\nx" })).toEqual([]);
  });

  test("are lost when the result has fewer of them than a side, as with a closing brace", () => {
    const sides = { base: "f {\n}\n", ours: "f {\n}\ng {\n}\n", theirs: "f {\n}\n// t\n" };

    expect(lost({ ...sides, result: "f {\n}\ng {\n// t\n" })).toEqual(["a.ts ours }"]);
  });

  test("leave room for what the other side removed", () => {
    const sides = { base: "}\n}\n}\n", ours: "}\n", theirs: "}\n}\n}\n}\n" };

    expect(lost({ ...sides, result: "}\n}\n" })).toEqual([]);
    expect(lost({ ...sides, result: "}\n" })).toEqual(["a.ts theirs }"]);
  });

  test("may have moved to another of the files", () => {
    const moved = { base: "a", ours: "a\nhelp()", theirs: "b", result: "b" };

    expect(lost(moved, { path: "b.ts", result: "help()" })).toEqual([]);
    expect(lost(moved, { path: "b.ts", ours: "help()", result: "help()" })).toEqual([
      "a.ts ours help()",
    ]);
  });
});

test("a merge that loses nothing never loses a line", () => {
  const lines = fc.array(fc.constantFrom("a", "b", "c", "}", "  }", ""), { maxLength: 6 });
  fc.assert(
    fc.property(lines, lines, lines, lines, (head, mine, yours, tail) => {
      const join = (...parts: string[][]): string => parts.flat().join("\n");
      const sides = {
        base: join(head, tail),
        ours: join(head, mine, tail),
        theirs: join(head, yours, tail),
      };
      expect(lost({ ...sides, result: join(head, mine, yours, tail) })).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test("whatever a side adds by a new name is missed when it is taken out", () => {
  const name = fc.stringMatching(/^[a-z]{1,8}$/);
  const file = fc.array(fc.constantFrom("a", "b", "}", ""), { maxLength: 8 });
  fc.assert(
    fc.property(file, file, name, fc.boolean(), (kept, other, added, isOurs) => {
      const line = `new ${added}`;
      const [base, side] = [kept.join("\n"), [...kept, line].join("\n")];
      const sides = isOurs ? { ours: side, theirs: base } : { ours: base, theirs: side };
      const found = lost({ base, ...sides, result: [...kept, ...other].join("\n") });
      expect(found).toContain(`a.ts ${isOurs ? "ours" : "theirs"} ${line}`);
    }),
    { numRuns: 500 },
  );
});
