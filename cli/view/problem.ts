import { ExitCode, RaError } from "../../core/error.ts";
import { jsonText, spelledOutLine } from "../../core/plain-text.ts";
import type { Issue } from "../../core/plan/plan.ts";
import type { Terminal } from "../command.ts";

/** Issues of one file and its text, for a person or a program to read. */
export interface Report {
  /** As the user named it. */
  readonly file: string;
  /** Null when the file could not be read as text: then no excerpt is shown. */
  readonly text: string | null;
  readonly issues: readonly Issue[];
}

/** A plan or config that is not valid. Whoever catches it shows `reports` by `renderProblems`; exit code 2. */
export class InvalidFile extends RaError {
  readonly reports: readonly Report[];

  constructor(code: "PLAN_INVALID" | "CONFIG_INVALID", reports: readonly Report[]) {
    const counted = reports.map(({ file, issues }) => {
      return `\`${file}\` has ${issues.length === 1 ? "a problem" : `${issues.length} problems`}`;
    });
    super({ code, exitCode: ExitCode.usage, message: counted.join(", ") });
    this.reports = reports;
  }
}

/** Problems that are shown in full; a file with more is best mended from the top. */
const shownMax = 50;

/** Every problem with its excerpt, ready for standard error. `columns` is the width to keep to. */
export function renderProblems(
  reports: readonly Report[],
  options: { readonly color: boolean; readonly columns: number },
): string {
  return reports.map((report) => renderReport(report, options.color, options.columns)).join("\n");
}

/** The same for programs: one JSON object and a line end. */
export function problemsJson(reports: readonly Report[]): string {
  const problems = reports.flatMap(({ file, issues }) =>
    issues.map(({ code, message, line, column, hint }) => {
      return { code, message, file, line, column, hint: hint ?? null };
    }),
  );
  return `${jsonText({ v: 1, ok: false, problems })}\n`;
}

/** Tells the problems of `error`: as JSON on standard output, or with excerpts on standard error. */
export function showProblems(terminal: Terminal, error: InvalidFile, json: boolean): void {
  if (json) terminal.out(problemsJson(error.reports));
  else terminal.err(renderProblems(error.reports, terminal));
}

function renderReport({ file, text, issues }: Report, color: boolean, columns: number): string {
  const paint = color ? paints : plain;
  const lines = text === null ? [] : text.replace(/^\uFEFF/, "").split("\n");
  const blocks = issues.slice(0, shownMax).map((issue) => {
    const head = `${paint.bad(`error[${issue.code}]`)}: ${visible(issue.message)}`;
    const where = `  ${visible(file)}:${issue.line}:${issue.column}`;
    const source = lines[issue.line - 1]?.replace(/\r$/, "");
    return [head, where, ...excerpt(issue, source, columns, paint)].join("\n");
  });
  const left = issues.length - blocks.length;
  if (left > 0)
    blocks.push(`${left} more ${left === 1 ? "problem" : "problems"} in ${visible(file)}`);
  return `${blocks.join("\n\n")}\n`;
}

interface Paint {
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
}

const plain: Paint = { bad: (text) => text, dim: (text) => text };
const paints: Paint = {
  bad: (text) => `\u001b[1;31m${text}\u001b[0m`,
  dim: (text) => `\u001b[2m${text}\u001b[0m`,
};

function excerpt(
  issue: Issue,
  source: string | undefined,
  columns: number,
  paint: Paint,
): readonly string[] {
  const hint = issue.hint === undefined ? "" : visible(issue.hint);
  if (source === undefined) return hint ? [`  ${hint}`] : [];
  const number = String(issue.line).padStart(5);
  const gutter = " ".repeat(number.length);
  const width = Math.max(20, columns - number.length - 3);
  const { shown, before, marked } = cutAround(source, issue.column - 1, issue.length, width);
  const caret = `${" ".repeat(before)}${paint.bad("^".repeat(marked))}`;
  const top = `${paint.dim(`${number} |`)} ${shown}`;
  const bar = paint.dim(`${gutter} |`);
  if (!hint) return [top, `${bar} ${caret}`];
  if (before + marked + 1 + Bun.stringWidth(hint) <= width) return [top, `${bar} ${caret} ${hint}`];
  return [top, `${bar} ${caret}`, `${bar} ${hint}`];
}

/** Terminal columns of a tab; a real one would shift the caret. */
const tab = "    ";

/** The part of a line around the mark, at most `width` terminal columns, and where the mark falls in it. */
function cutAround(
  source: string,
  start: number,
  length: number,
  width: number,
): { readonly shown: string; readonly before: number; readonly marked: number } {
  // Far away units can never be shown: a plan on one line may have millions of them.
  const from = Math.max(0, start - 2 * width);
  const head = visible(source.slice(from, start));
  const mark = visible(source.slice(start, start + Math.min(length, width)));
  const tail = visible(source.slice(start + Math.min(length, width), start + length + 2 * width));
  const markWidth = Math.max(1, Math.min(Bun.stringWidth(mark), width));

  const isWhole = from === 0 && Bun.stringWidth(head + mark + tail) <= width;
  if (isWhole && start + length + 2 * width >= source.length) {
    return { shown: head + mark + tail, before: Bun.stringWidth(head), marked: markWidth };
  }
  const room = Math.max(0, width - markWidth - 2);
  const keepHead = Math.min(
    Bun.stringWidth(head),
    Math.max(room >> 1, room - Bun.stringWidth(tail)),
  );
  const left = takeEnd(head, keepHead);
  const lead = left.length < head.length || from > 0 ? `…${left}` : left;
  const right = takeStart(mark + tail, width - Bun.stringWidth(lead) - 1);
  const isCut = right.length < (mark + tail).length;
  const marked = Math.max(1, Math.min(markWidth, Bun.stringWidth(right)));
  return { shown: lead + right + (isCut ? "…" : ""), before: Bun.stringWidth(lead), marked };
}

function takeStart(text: string, width: number): string {
  let taken = "";
  let used = 0;
  for (const unit of text) {
    used += Bun.stringWidth(unit);
    if (used > width) break;
    taken += unit;
  }
  return taken;
}

function takeEnd(text: string, width: number): string {
  const units = [...text];
  let used = 0;
  let from = units.length;
  while (from > 0) {
    used += Bun.stringWidth(units[from - 1]!);
    if (used > width) break;
    from -= 1;
  }
  return units.slice(from).join("");
}

/** Text from a file as it may be shown: nothing in it moves the cursor, colours, or turns the line around. */
function visible(text: string): string {
  return spelledOutLine(text.replaceAll("\t", tab));
}
