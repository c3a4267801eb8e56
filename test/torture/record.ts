import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { quantile } from "./campaign.ts";

/** A part of the whole campaign, as the record keeps it: one line of JSON. */
export interface Part {
  readonly part: string;
  /** Names what was tried: the sources of the binary, whatever commit they came with. */
  readonly sources: string;
  readonly commit: string;
  readonly seed: number;
  readonly runs: number;
  readonly kills: number;
  /** Starts of `ra` that fought for a run whose driver had died. */
  readonly rivals: number;
  readonly dirty: number;
  readonly usersCommits: number;
  /** The highest load average of one minute that was seen. */
  readonly load: number;
  readonly recoveriesMs: readonly number[];
  readonly startsMs: readonly number[];
  readonly wrong: readonly string[];
}

/** The parts that a record holds of these sources. Others tell nothing of them, and are dropped. */
export function partsIn(path: string, sources: string): Part[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  const parts = lines
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Part);
  return parts.filter((part) => part.sources === sources);
}

/** Writes the record anew: what all parts came to, and then each of them. */
export function writeRecord(path: string, parts: readonly Part[], wanted: number): void {
  const lines = parts.map((part) => JSON.stringify(part));
  writeFileSync(path, `${[...summary(parts, wanted), "", ...lines].join("\n")}\n`);
}

/** What parts came to, for people. `wanted`: how many parts the whole has. */
export function summary(parts: readonly Part[], wanted: number): string[] {
  const sum = (value: (part: Part) => number): number =>
    parts.reduce((total, part) => total + value(part), 0);
  const all = (value: (part: Part) => readonly number[]): number[] =>
    parts.flatMap(value).sort((a, b) => a - b);
  const killed = (kind: string): number =>
    sum(({ part, kills }) => (part.startsWith(kind) ? kills : 0));
  const recoveries = all(({ recoveriesMs }) => recoveriesMs);
  const starts = all(({ startsMs }) => startsMs);
  const spread = (list: readonly number[]): string => {
    const at = (part: number): string => `${quantile(list, part)} ms`;
    return `median ${at(0.5)}, 95 % ${at(0.95)}, most ${at(1)}, of ${list.length}`;
  };
  const ratio = quantile(recoveries, 0.5) / Math.max(1, quantile(starts, 0.5));
  const commits = [...new Set(parts.map(({ commit }) => commit))].join(", ");
  const seeds = [...new Set(parts.map(({ seed }) => seed))].join(", ");
  const violations = parts.flatMap(({ wrong }) => wrong);
  return [
    "kill -9 of the real binary; made by `npm run torture -- --all --record`",
    `commit ${commits}, sources ${parts[0]?.sources ?? "none"}, seed ${seeds}, parts ${parts.length} of ${wanted}`,
    `runs ${sum(({ runs }) => runs)}, kills ${sum(({ kills }) => kills)}: ` +
      `${killed("before")} before and ${killed("after")} after an event, ${killed("random")} at random, ` +
      `${killed("rivals")} with rivals for the place (${sum(({ rivals }) => rivals)} starts)`,
    `files in workspaces at a death ${sum(({ dirty }) => dirty)}, commits of users meanwhile ${sum(({ usersCommits }) => usersCommits)}`,
    `violations ${violations.length}`,
    ...violations.map((what) => `  ${what}`),
    `recovery: ${spread(recoveries)}`,
    `start of a run, with nothing to recover, side by side: ${spread(starts)}; recovery is ${ratio.toFixed(1)} of it`,
    `load average: at most ${Math.max(0, ...parts.map(({ load }) => load)).toFixed(1)}, ` +
      `median of the parts ${quantile(
        all(({ load }) => [load]),
        0.5,
      ).toFixed(1)}`,
  ];
}
