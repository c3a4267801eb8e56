import { expect, test } from "bun:test";
import { flag, integer, list, text } from "../../cli/option.ts";
import { Bug } from "../../core/assert.ts";

const options = { json: true, color: false, model: "007", only: ["a"], copies: "12", big: "1e3" };

test("reads flags, texts and lists, absent ones included", () => {
  expect([flag(options, "json"), flag(options, "color"), flag(options, "none")]).toEqual([
    true,
    false,
    false,
  ]);
  expect([text(options, "model"), text(options, "none")]).toEqual(["007", undefined]);
  expect([list(options, "only"), list(options, "none")]).toEqual([["a"], []]);
});

test("reads whole numbers within their range and refuses the rest", () => {
  expect(integer(options, "copies", { min: 1, max: 12 })).toBe(12);
  expect(integer(options, "none", { min: 1, max: 12 })).toBeUndefined();
  for (const [name, max] of [
    ["copies", 11],
    ["big", 9999],
    ["model", 6],
  ] as const) {
    expect(() => integer(options, name, { min: 1, max })).toThrow(/^option `--\w+` is `\w+`$/);
  }
});

test("takes a wrong kind for a bug of the caller", () => {
  expect(() => text(options, "json")).toThrow(Bug);
  expect(() => list(options, "model")).toThrow(Bug);
});
