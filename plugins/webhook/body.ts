import type { Event } from "../../core/plugin/index.ts";

/** Bytes that a body has at most. */
export const bodyMax = 64 * 1024;

/** Longest texts, in characters, of an event that is too large, tried one after the other. */
const textsMax = [4_096, 512];

/**
 * An event as JSON of at most `bodyMax` bytes. One that is larger has its long texts cut, each with a mark that tells how much is
 * missing. Where that is not enough, whole fields are left out, the largest first. `truncated` then names what was done.
 */
export function bodyOf(event: Event): string {
  const whole = JSON.stringify(event);
  if (fits(whole)) return whole;
  for (const max of textsMax) {
    const body = JSON.stringify({ ...cut(event, max), truncated: { texts: max, fields: [] } });
    if (fits(body)) return body;
  }
  return withoutFields(cut(event, textsMax.at(-1) ?? 0));
}

function withoutFields(event: object): string {
  const rest: Record<string, unknown> = { ...event };
  const sizes = Object.entries(rest).map(([key, value]) => ({ key, size: sizeOf(value) }));
  const fields: string[] = [];
  for (const { key } of sizes.toSorted((a, b) => b.size - a.size)) {
    delete rest[key];
    fields.push(key);
    const body = JSON.stringify({ ...rest, truncated: { texts: textsMax.at(-1), fields } });
    if (fits(body)) return body;
  }
  throw new Error("an event without fields is too large");
}

/** The same value with every text at most so long, its mark aside. */
function cut<T>(value: T, max: number): T {
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === "string" && part.length > max ? shortened(part, max) : part,
  );
  return JSON.parse(text) as T;
}

function shortened(text: string, max: number): string {
  // Half of a character that takes two units is none.
  const end = /[\ud800-\udbff]/.test(text.charAt(max - 1)) ? max - 1 : max;
  return `${text.slice(0, end)} [${text.length - end} more characters left out]`;
}

function fits(body: string): boolean {
  return Buffer.byteLength(body) <= bodyMax;
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? "");
}
