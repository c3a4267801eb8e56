import { oneLine as plainLine } from "../plain-text.ts";

/** Text from outside on one line, without control characters, at most `length` characters. */
export function oneLine(text: string, length = 300): string {
  const clean = plainLine(text);
  return clean.length > length ? `${clean.slice(0, length - 1)}…` : clean;
}

/** A line of a JSON event stream as an object; null for anything else, as agents print plain text in between. */
export function jsonLine(line: string): Readonly<Record<string, unknown>> | null {
  if (!line.startsWith("{")) return null;
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
}
