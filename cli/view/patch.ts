import { spelledOut } from "../../core/plain-text.ts";

const painted: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:diff --git|index|new file|deleted file|old mode|new mode|similarity|rename|---|\+\+\+) ?/,
    "1",
  ],
  [/^@@/, "36"],
  [/^\+/, "32"],
  [/^-/, "31"],
];

/** A patch for a screen: whatever a terminal would obey is written out, such as `<U+001B>`; colours only ours. */
export function patchOnScreen(patch: Uint8Array, color: boolean): string {
  const text = spelledOut(new TextDecoder().decode(patch), written);
  if (!color) return text;
  return text.split("\n").map(paint).join("\n");
}

function written(code: number): string {
  return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}

function paint(line: string): string {
  const code = painted.find(([pattern]) => pattern.test(line))?.[1];
  return code === undefined ? line : `\u001b[${code}m${line}\u001b[0m`;
}
