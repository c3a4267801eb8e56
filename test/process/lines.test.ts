import { expect, test } from "bun:test";
import { lineLengthMax, splitLines } from "../../core/process/lines.ts";

function linesOf(chunks: readonly (string | Uint8Array)[]): string[] {
  const lines: string[] = [];
  const splitter = splitLines((line) => lines.push(line));
  for (const chunk of chunks) {
    splitter.push(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
  }
  splitter.end();
  return lines;
}

test("joins a line that arrives in chunks and gives the last one without an end", () => {
  const lines = linesOf(["on", "e\ntw", "o\n\nthree\r\nfo", "ur"]);

  expect(lines).toEqual(["one", "two", "", "three", "four"]);
});

test("puts a character together that is cut at every byte", () => {
  const bytes = new TextEncoder().encode("héllo 🌍 wörld\nend\n");

  const lines = linesOf([...bytes].map((byte) => Uint8Array.of(byte)));

  expect(lines).toEqual(["héllo 🌍 wörld", "end"]);
});

test("replaces bytes that are not UTF-8", () => {
  const lines = linesOf([Uint8Array.of(0x61, 0xff, 0x62, 0x0a)]);

  expect(lines).toEqual(["a\ufffdb"]);
});

test("gives an endless line in pieces that lose nothing and cut no character", () => {
  const text = "🌍".repeat(lineLengthMax);

  const lines = linesOf([text, "\nnext\n"]);

  expect(lines.slice(0, -1).join("")).toBe(text);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(lineLengthMax);
  expect(lines.every((line) => line.isWellFormed())).toBe(true);
  expect(lines.at(-1)).toBe("next");
});

test("tells the pieces of a line that is too long from whole lines, and takes longer ones where asked", () => {
  const told: [number, boolean][] = [];
  const splitter = splitLines((line, isWhole) => told.push([line.length, isWhole]), 600_000);

  splitter.push(new TextEncoder().encode(`${"a".repeat(590_000)}\n${"b".repeat(700_000)}\nc\n`));
  splitter.end();

  expect(told[0]).toEqual([590_000, true]);
  expect(told.slice(1, -1).map(([, isWhole]) => isWhole)).toEqual([false, false]);
  expect(told.slice(1, -1).reduce((sum, [length]) => sum + length, 0)).toBe(700_000);
  expect(told.at(-1)).toEqual([1, true]);
});
