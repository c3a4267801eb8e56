import { expect, test } from "bun:test";
import { compare, median, render } from "../../bench/ratio.ts";

test("takes the middle value, or the mean of the two middle ones", () => {
  expect([median([3]), median([9, 1, 2]), median([4, 1, 2, 9])]).toEqual([3, 2, 3]);
});

test("runs both commands equally often, after one round that does not count", () => {
  let [first, second] = [0, 0];

  const comparison = compare(
    { name: "a", argv: ["true"], prepare: () => void first++ },
    { name: "b", argv: ["true"], prepare: () => void second++ },
    3,
  );

  expect([first, second]).toEqual([4, 4]);
  expect(render(comparison)).toMatch(/^a .*\nb .*\nratio \d+\.\d\d \(paired \d+\.\d\d\)\n$/);
});

test("refuses to time a command that fails", () => {
  const works = { name: "a", argv: ["true"] } as const;
  const fails = { name: "b", argv: ["false"] } as const;

  expect(() => compare(works, fails, 1)).toThrow("b ended with 1");
});
