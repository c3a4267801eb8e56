import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { button, type Click, clickOf } from "../../plugins/telegram/clicks.ts";
import { draftKey, draftOfKey } from "../../plugins/telegram/draft-key.ts";
import { readTyped, typedParams } from "../../plugins/telegram/typed.ts";
import { code, quote, words } from "../../plugins/telegram/words.ts";

const id = fc.stringMatching(/^[a-z][a-z0-9]{3,11}$/);
const gate = fc.stringMatching(/^[a-z][a-z0-9]{7}$/);
const click: fc.Arbitrary<Click> = fc.oneof(
  fc.record({
    kind: fc.constant("execute" as const),
    draft: fc.integer({ min: 1, max: 2 ** 31 }),
    how: fc.constantFrom("step" as const, "auto" as const, "plain" as const),
  }),
  fc.record({ kind: fc.constant("next" as const), run: id, ended: fc.nat(10_000) }),
  fc.record({ kind: fc.constant("stop" as const), run: id }),
  fc.record({ kind: fc.constant("cancel" as const), request: id }),
  fc.record({ kind: fc.constant("answer" as const), run: id, gate, option: fc.nat(99) }),
);

test("what a button means fits into it, and is read as it was meant", () => {
  fc.assert(
    fc.property(click, (meant) => {
      const made = button("x".repeat(200), meant) as { text: string; callback_data: string };

      expect(Buffer.byteLength(made.callback_data)).toBeLessThan(64);
      expect(made.text.length).toBeLessThanOrEqual(40);
      expect(clickOf(made.callback_data)).toEqual(meant);
    }),
  );
});

test("data of no button of ours means nothing", () => {
  const foreign = ["", "x", "x:s", "x:q:1", "n:r1:x", "q:r1:gate2345", "s:../x", "s:R1", "s:r1\n"];

  expect(foreign.map((data) => clickOf(data))).toEqual(foreign.map(() => null));
});

test("a message is never longer than Telegram takes, and quotes lie inside of it", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 3_000 }),
    fc.string({ unit: "binary", maxLength: 6_000 }).map((text) => quote(text)),
    fc.string({ unit: "binary" }).map((text) => code(text)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const { text, entities } = words(pieces);

      expect(text.length).toBeLessThanOrEqual(4_096);
      for (const { offset, length } of entities) {
        expect(length).toBeGreaterThan(0);
        expect(offset + length).toBeLessThanOrEqual(text.length);
      }
    }),
  );
});

test("commands are read with their arguments, and everything else is a text", () => {
  const read = ["/run@ra_bot a b=1 c=“d e” f", "/Stop r1/api", "/continue", "/start", "run a", "/"];

  expect(read.map((text) => readTyped(text))).toEqual([
    { kind: "run", plan: "a", params: { b: "1", c: "d e", f: "true" } },
    { kind: "stop", run: "r1", task: "api" },
    { kind: "continue", run: "", task: null },
    { kind: "help" },
    { kind: "text", text: "run a" },
    { kind: "text", text: "/" },
  ]);
});

test("parameters become what their plan wants, and stay texts where they do not fit", () => {
  const params = { n: { type: "number" }, f: { type: "flag" }, t: { type: "text" } };

  expect(typedParams({ params }, { n: "7", f: "true", t: "7", x: "1" })).toEqual({
    ...{ n: 7, f: true, t: "7", x: "1" },
  });
  expect(typedParams({ params }, { n: "7a", f: "yes" })).toEqual({ n: "7a", f: "yes" });
});

test("the key of a draft names it for its bot alone", () => {
  const key = draftKey("4711", { chat: -100, message: 7 });

  expect(draftOfKey("4711", key)).toEqual({ chat: -100, message: 7 });
  expect(draftOfKey("4712", key)).toBeNull();
  expect(draftOfKey("4711", "4711/x/7")).toBeNull();
});
