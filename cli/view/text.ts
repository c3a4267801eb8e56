/** Cuts one line to `width` terminal columns, with `…` in the last one when something is lost. */
export function cut(line: string, width: number): string {
  if (Bun.stringWidth(line) <= width) return line;
  if (width < 1) return "";
  let kept = "";
  let columns = 0;
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    columns += Bun.stringWidth(segment);
    if (columns > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Fills one line with spaces up to `width` terminal columns. */
export function pad(line: string, width: number, align: "left" | "right" = "left"): string {
  const gap = " ".repeat(Math.max(0, width - Bun.stringWidth(line)));
  return align === "left" ? line + gap : gap + line;
}

/** Breaks text between words into lines of at most `width` columns; a longer word keeps a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && Bun.stringWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Milliseconds for people: `0.8s`, `22s`, `2m10s`, `1h02m`, `3d04h`; always rounded down. */
export function duration(ms: number): string {
  if (!(ms > 0)) return "0.0s";
  const seconds = Math.floor(ms / 1000);
  if (seconds < 10) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${twoDigits(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${twoDigits(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d${twoDigits(hours % 24)}h`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** Bytes for people: `512 B`, `3.4 KB`, `1.2 GB`, in steps of 1,024. */
export function bytes(count: number): string {
  if (count < 1024) return `${Math.round(count)} B`;
  let value = count;
  let unit = -1;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

const units = ["KB", "MB", "GB", "TB"] as const;
