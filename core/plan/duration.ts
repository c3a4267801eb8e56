/** What a duration looks like; also the pattern in the JSON Schema. */
export const durationPattern = /^[0-9]{1,12}(ms|s|m|h|d)$/;

/** 24 days: a timer cannot hold more than 2^31-1 milliseconds, which is a little less than 25. */
export const durationMaxMs = 24 * 24 * 60 * 60 * 1000;

const unitMs: { readonly [unit: string]: number } = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of `1500ms`, `30s`, `5m`, `2h` or `1d`; null when the text is none or leaves 1 ms to 24 days. */
export function parseDuration(text: string): number | null {
  const unit = durationPattern.exec(text)?.[1];
  if (!unit) return null;
  const ms = Number.parseInt(text, 10) * unitMs[unit]!;
  return ms >= 1 && ms <= durationMaxMs ? ms : null;
}
