import { expect, test } from "bun:test";
import { patchOnScreen } from "../../cli/view/patch.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a patch on a screen has everything written out that a terminal would obey", () => {
  const patch = bytes("+a\u001b[31mb\rc\u009b2Jd\u202ee\u2028f\tg\n");

  const shown = patchOnScreen(patch, false);

  expect(shown).toBe("+a<U+001B>[31mb<U+000D>c<U+009B>2Jd<U+202E>e<U+2028>f\tg\n");
});

test("a patch on a screen shows bytes that are no text as such", () => {
  const shown = patchOnScreen(new Uint8Array([0x2b, 0xff, 0x9b, 0x0a]), false);

  expect(shown).toBe("+\ufffd\ufffd\n");
});

test("colours of a patch are put around what was written out", () => {
  const shown = patchOnScreen(bytes("--- a/x\n@@ -1 +1 @@\n-a\u001b\n+b\n c\n"), true);

  expect(shown.split("\n")).toEqual([
    "\u001b[1m--- a/x\u001b[0m",
    "\u001b[36m@@ -1 +1 @@\u001b[0m",
    "\u001b[31m-a<U+001B>\u001b[0m",
    "\u001b[32m+b\u001b[0m",
    " c",
    "",
  ]);
});
