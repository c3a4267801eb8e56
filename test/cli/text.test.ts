import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { table } from "../../cli/view/table.ts";
import { cut, duration, pad, wrap } from "../../cli/view/text.ts";
import { block, oneLine } from "../../core/plain-text.ts";

const hostile: readonly (readonly [string, string, string])[] = [
  ["colours", "\u001b[1;31mred\u001b[0m", "red"],
  ["cursor control", "a\u001b[2J\u001b[Hb", "ab"],
  ["an eight-bit control sequence", "a\u009b31mb", "ab"],
  ["a window title", "a\u001b]0;owned\u0007b", "ab"],
  ["a link", "\u001b]8;;http://x\u001b\\text\u001b]8;;\u001b\\", "text"],
  ["a device control string", "a\u001bPq#0\u001b\\b", "ab"],
  ["a command that never ends", "a\u001b]0;b", "a0;b"],
  ["a lone escape at the end", "a\u001b", "a"],
  ["a reset", "a\u001bcb", "ab"],
  ["bells, backspaces and deletes", "a\u0007\u0008\u007fb", "ab"],
  ["right-to-left overrides", "a\u202egnp.exe\u2066", "agnp.exe"],
  ["zero-width and tag characters", "a\u200b\ufeff\u{e0041}b", "ab"],
  ["half of a surrogate pair", "a\ud800b", "a\ufffdb"],
  ["a carriage return that overwrites", "good\rbad", "good\nbad"],
  ["a family of one glyph, kept", "👩‍👩‍👧 ok", "👩‍👩‍👧 ok"],
];

describe("text from outside", () => {
  for (const [name, text, expected] of hostile) {
    test(`is stripped of ${name}`, () => {
      const safe = block(text);

      expect(safe).toBe(expected);
    });
  }

  test("keeps tabs and line ends in a block, and none on one line", () => {
    const text = " a\tb\r\nc\u2028d ";

    expect(block(text)).toBe(" a\tb\nc\nd ");
    expect(oneLine(text)).toBe("a b c d");
  });

  test("never holds a control character or a bidi mark afterwards", () => {
    const pieces = fc.constantFrom("\u001b", "[", "]", "0", ";", "m", "\u0007", "\u009c", "\u202e");
    const texts = fc.array(fc.oneof(pieces, fc.string({ unit: "binary" })), { maxLength: 30 });

    fc.assert(
      fc.property(texts, (parts) => {
        expect(oneLine(parts.join(""))).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });

  test("takes linear time for many openings that never close", () => {
    const started = performance.now();

    block("\u001b]".repeat(200_000) + "\u009d".repeat(200_000));

    expect(performance.now() - started).toBeLessThan(2000);
  });
});

test("cuts at the width in terminal columns, wide characters included", () => {
  expect(cut("abcdef", 6)).toBe("abcdef");
  expect(cut("abcdefg", 6)).toBe("abcde…");
  expect(cut("日本語", 4)).toBe("日…");
  expect(cut("abc", 0)).toBe("");
});

test("fills up to a width in terminal columns", () => {
  expect(pad("日", 4)).toBe("日  ");
  expect(pad("7", 3, "right")).toBe("  7");
  expect(pad("long", 2)).toBe("long");
});

test("breaks lines between words", () => {
  expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrap("unbreakable x", 4)).toEqual(["unbreakable", "x"]);
});

test("writes durations for people", () => {
  const written = [0, -5, Number.NaN, 49, 840, 9_999, 22_900, 59_999, 60_000, 130_000].map(
    duration,
  );
  const long = [3_599_999, 3_720_000, 86_399_999, 273_600_000].map(duration);

  expect(written).toEqual([
    ...["0.0s", "0.0s", "0.0s", "0.0s", "0.8s", "9.9s", "22s", "59s", "1m00s", "2m10s"],
  ]);
  expect(long).toEqual(["59m59s", "1h02m", "23h59m", "3d04h"]);
});

describe("a table", () => {
  const columns = [
    { title: "id" },
    { title: "task", min: 6 },
    { title: "time", align: "right" },
  ] as const;

  test("stands in plain columns without trailing spaces", () => {
    const text = table(columns.slice(0, 2), [["a", "first"], ["bcd"]], 80);

    expect(text).toBe("ID   TASK\na    first\nbcd\n");
  });

  test("cuts the column that may give way when the terminal is narrow", () => {
    const text = table(columns, [["r7k2/api", "expose CRUD for carts", "2m10s"]], 26);

    expect(text).toBe("ID        TASK        TIME\nr7k2/api  expose C…  2m10s\n");
  });

  test("never cuts below the least width, nor a column that has none", () => {
    const text = table(columns, [["r7k2/api", "expose CRUD for carts", "2m10s"]], 10);

    expect(text).toBe("ID        TASK     TIME\nr7k2/api  expos…  2m10s\n");
  });

  test("holds one line for each row, whatever a cell contains", () => {
    const text = table(columns.slice(0, 2), [["a\nb", "\u001b[31mx\u001b[0m"]], 80);

    expect(text).toBe("ID   TASK\na b  x\n");
  });
});
