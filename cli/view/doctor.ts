import type { Diagnosis } from "../../core/diagnosis.ts";
import { oneLine } from "../../core/plain-text.ts";
import { pad } from "./text.ts";

/** Every diagnosis on a line of its own, the fix below it, and how many there are of each kind. */
export function doctorView(found: readonly Diagnosis[]): string {
  const width = Math.max(...found.map(({ check }) => check.length));
  const lines = found.flatMap(({ check, severity, found: what, fix }) => {
    const line = `${pad(severity, 8)} ${pad(check, width)}  ${oneLine(what)}\n`;
    return fix === null ? [line] : [line, `${" ".repeat(9 + width)}  fix: ${oneLine(fix)}\n`];
  });
  const problems = found.filter(({ severity }) => severity === "problem").length;
  const notes = found.filter(({ severity }) => severity === "note").length;
  return `${lines.join("")}\n${counted(problems, "problem")}, ${counted(notes, "note")}\n`;
}

function counted(count: number, word: string): string {
  return count === 1 ? `1 ${word}` : `${count} ${word}s`;
}
