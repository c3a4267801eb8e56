import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/program.ts";

/** What came of one case with one agent. */
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

/** The rows as a table: a line for each agent, a column for each case. */
export function tableOf(rows: readonly Row[]): string {
  const situations = [...new Set(rows.map(({ situation }) => situation))];
  const agents = [...new Set(rows.map(({ agent }) => agent))];
  const cell = (agent: string, situation: string): string => {
    const row = rows.find((each) => each.agent === agent && each.situation === situation);
    if (row === undefined) return "not run";
    const tries = row.attempts === 1 ? "" : `, ${row.attempts} attempts`;
    return `${row.end}, ${row.exitCode}${tries}; ${row.leftovers} left`;
  };
  const version = (agent: string): string => rows.find((row) => row.agent === agent)?.version ?? "";
  return [
    `| agent | ${situations.join(" | ")} |`,
    `| --- |${situations.map(() => " --- |").join("")}`,
    ...agents.map((agent) => {
      const cells = situations.map((situation) => cell(agent, situation));
      return `| ${agent} ${version(agent)} | ${cells.join(" | ")} |`;
    }),
  ].join("\n");
}

/** Puts the table into docs/agents.md, between its marks. */
export function writeTable(rows: readonly Row[]): void {
  const text = readFileSync(page, "utf8");
  const [from, to] = marks.map((mark) => text.indexOf(mark));
  if (from === undefined || to === undefined || from < 0 || to < from) {
    throw new Error(`docs/agents.md has no ${marks.join(" ")}`);
  }
  const head = text.slice(0, from + marks[0].length);
  writeFileSync(page, `${head}\n${tableOf(rows)}\n${text.slice(to)}`);
}
