/** How a run of `bun test` ended, as its closing line tells it. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What is wrong with the run itself, beside tests that failed. */
  readonly trouble: readonly string[];
  /** The tests that failed, as far as the report names them. */
  readonly failures: readonly Failure[];
}

/** A test that failed. */
export interface Failure {
  readonly file: string;
  readonly name: string;
  /** What it threw, and where. */
  readonly reason: string;
}

/**
 * Counts a run of `bun test` from three witnesses: the exit code, the summary that ends standard error, and the
 * JUnit report. JUnit leaves out files that cannot be loaded and tests can print anything, so none is believed
 * alone: where they disagree, or one is missing, the run counts as failed.
 */
export function tally(run: {
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly junit: string | null;
}): Tally {
  const summary = readSummary(run.stderr);
  const junit = run.junit === null ? null : readJunit(run.junit);
  const trouble: string[] = [];
  if (run.exitCode === null) trouble.push("bun test was ended by a signal");
  if (!summary) trouble.push("bun test printed no summary");
  if (!junit) trouble.push("bun test wrote no JUnit report");
  const passed = Math.min(summary?.passed ?? 0, junit?.passed ?? 0);
  if (summary && junit && summary.passed !== junit.passed) {
    trouble.push(`the summary counts ${summary.passed} passed, the report ${junit.passed}`);
  }
  const skipped = summary?.skipped ?? junit?.skipped ?? 0;
  const failed = Math.max(summary?.failed ?? 0, junit?.failed ?? 0, summary?.errors ?? 0);
  if (failed === 0 && run.exitCode !== 0 && trouble.length === 0) {
    trouble.push(`bun test ended with exit code ${run.exitCode} although no test failed`);
  }
  if (passed + failed === 0 && trouble.length === 0) trouble.push("no test ran");
  const failures = run.junit === null ? [] : readFailures(run.junit);
  return {
    passed,
    failed: Math.max(failed, trouble.length > 0 ? 1 : 0),
    skipped,
    trouble,
    failures,
  };
}

/**
 * The two runs as one, when each failure of `first` is named and `again`, a run of those files alone, had none. Null
 * otherwise: then `first` stands.
 */
export function redeemed(first: Tally, again: Tally): Tally | null {
  const isPlayed = again.passed >= first.failures.length;
  if (!canRunAgain(first) || again.failed > 0 || !isPlayed) return null;
  return { ...first, passed: first.passed + first.failed, failed: 0, failures: [] };
}

/** More failures than that are no bad luck. */
const unsteadyMax = 3;

/** Whether a run can be saved by another of what failed in it. */
export function canRunAgain(first: Tally): boolean {
  const { failed, failures, trouble } = first;
  return trouble.length === 0 && failures.length === failed && failed <= unsteadyMax;
}

/** `N passed, N failed`, and the skipped ones when there are any. */
export function closingLine(tally: Tally): string {
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : "";
  return `${tally.passed} passed, ${tally.failed} failed${skipped}`;
}

interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly errors: number;
}

/** The block of counts above the last line, which starts with `Ran`. */
function readSummary(stderr: string): Summary | null {
  const lines = Bun.stripANSI(stderr).trimEnd().split("\n");
  if (!/^Ran \d+ tests? across \d+ files?\./.test(lines.at(-1) ?? "")) return null;
  const counts = new Map<string, number>();
  for (const line of lines.slice(0, -1).reverse()) {
    if (/^snapshots: |^ *(\d+ snapshots, )?\d+ expect\(\) calls$/.test(line)) continue;
    const [, count, word] = /^ *(\d+) (pass|fail|skip|todo|errors?)$/.exec(line) ?? [];
    if (word === undefined || counts.has(word)) break;
    counts.set(word, Number(count));
  }
  const of = (word: string): number => counts.get(word) ?? 0;
  if (!counts.has("pass") || !counts.has("fail")) return null;
  return {
    passed: of("pass"),
    failed: of("fail"),
    skipped: of("skip") + of("todo"),
    errors: of("error") + of("errors"),
  };
}

function readJunit(xml: string): { passed: number; failed: number; skipped: number } | null {
  const root = /<testsuites ([^>]*)>/.exec(xml)?.[1];
  if (root === undefined || !xml.trimEnd().endsWith("</testsuites>")) return null;
  const of = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(root)?.[1]);
  const [tests, failed, skipped] = [of("tests"), of("failures"), of("skipped")];
  return { passed: tests - failed - skipped, failed, skipped };
}

function readFailures(xml: string): readonly Failure[] {
  const cases = xml.matchAll(/<testcase ([^>]*[^/])>\s*<failure ([^>]*?)(?:\/>|>([^<]*)<)/g);
  return Array.from(cases, ([, test = "", failure = "", text = ""]) => {
    const group = attribute(test, "classname");
    const name = attribute(test, "name");
    return {
      file: attribute(test, "file"),
      name: group === "" ? name : `${group} > ${name}`,
      reason: unescapeXml(text).trimEnd() || attribute(failure, "message"),
    };
  });
}

function attribute(attributes: string, name: string): string {
  return unescapeXml(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
}

function unescapeXml(text: string): string {
  const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return named[name] ?? whole;
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal));
  });
}
