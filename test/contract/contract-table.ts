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

/** Puts a line for an agent that was shown in every situation into docs/agents.md, in place of its older one. */
export function writeLine(rows: readonly Row[], situations: readonly string[]): void {
  const text = readFileSync(page, "utf8");
  const [begin, end] = marks.map((mark) => text.indexOf(mark));
  if (begin === undefined || end === undefined || begin < 0 || end < begin) {
    throw new Error(`docs/agents.md has no ${marks.join(" ")}`);
  }
  const from = begin + marks[0].length;
  const head = `| agent | ${situations.join(" | ")} |\n| --- |${" --- |".repeat(situations.length)}`;
  const standing = text.slice(from, end).trim();
  // Lines of another table, with other situations, say nothing in this one.
  const old = standing.startsWith(`${head}\n`) ? standing.slice(head.length + 1).split("\n") : [];
  const agent = rows[0]?.agent ?? "";
  const kept = old.filter((line) => !line.startsWith(`| ${agent} `));
  const lines = [...kept, lineOf(rows, situations)].sort();
  writeFileSync(page, `${text.slice(0, from)}\n${head}\n${lines.join("\n")}\n${text.slice(end)}`);
}

function lineOf(rows: readonly Row[], situations: readonly string[]): string {
  const cells = situations.map((situation) => {
    const row = rows.find((each) => each.situation === situation);
    if (row === undefined) throw new Error(`nothing came of \`${situation}\``);
    const tries = row.attempts === 1 ? "" : `, ${row.attempts} attempts`;
    return `${row.end}, ${row.exitCode}${tries}, ${row.leftovers}`;
  });
  const { agent, version } = rows[0] as Row;
  return `| ${agent} ${version} | ${cells.join(" | ")} |`;
}
