import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/program.ts";

/** What came of one situation with one agent. */
export interface Row {
  readonly agent: string;
  readonly version: string;
  readonly situation: string;
  /** The task's end: `done`, `stopped`, or the kind of its error. */
  readonly end: string;
  readonly exitCode: number | null;
  readonly attempts: number;
  /** Processes, files and workspaces left when `ra` had ended. */
  readonly leftovers: number;
}

const page = join(root, "docs", "agents.md");
const marks = ["<!-- contract:begin -->", "<!-- contract:end -->"] as const;

/**
 * Puts what came of an agent into its line in docs/agents.md. Cells of situations that were not played stay as they were, when
 * they are of the same version.
 */
export function writeLine(rows: readonly Row[], situations: readonly string[]): void {
  const text = readFileSync(page, "utf8");
  const [begin, end] = marks.map((mark) => text.indexOf(mark));
  if (begin === undefined || end === undefined || begin < 0 || end < begin) {
    throw new Error(`docs/agents.md has no ${marks.join(" ")}`);
  }
  const from = begin + marks[0].length;
  const table = withRows(text.slice(from, end).trim(), rows, situations);
  writeFileSync(page, `${text.slice(0, from)}\n${table}\n${text.slice(end)}`);
}

/** A table with the rows of one agent in it, and a column for each situation. */
export function withRows(
  table: string,
  rows: readonly Row[],
  situations: readonly string[],
): string {
  const [first] = rows;
  if (first === undefined) return table;
  const own = `${first.agent} ${first.version}`;
  const before = cellsOf(table);
  const kept = [...before].filter(([name]) => name === own || !name.startsWith(`${first.agent} `));
  const lines = new Map<string, ReadonlyMap<string, string>>(kept);
  const played = rows.map((row) => [row.situation, cellOf(row)] as const);
  lines.set(own, new Map([...(before.get(own) ?? []), ...played]));
  const written = [...lines].map(([name, cells]) => {
    return `| ${name} | ${situations.map((each) => cells.get(each) ?? "–").join(" | ")} |`;
  });
  const head = `| agent | ${situations.join(" | ")} |\n| --- |${" --- |".repeat(situations.length)}`;
  return `${head}\n${written.sort().join("\n")}`;
}

/** What a table says of each agent, by situation. */
function cellsOf(table: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const [head = [], , ...lines] = table.split("\n").map((line) => line.split(" | ").map(trimmed));
  return new Map(
    lines.map(([name = "", ...cells]) => [
      name,
      new Map(cells.map((cell, at) => [head[at + 1] ?? "", cell])),
    ]),
  );
}

function trimmed(cell: string): string {
  return cell.replace(/^\| | \|$/g, "");
}

function cellOf({ end, exitCode, attempts, leftovers }: Row): string {
  return `${end}, ${exitCode}${attempts === 1 ? "" : `, ${attempts} attempts`}, ${leftovers}`;
}
