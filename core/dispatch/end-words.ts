import { RaError } from "../error.ts";
import type { Finding, Outcome } from "../run/model.ts";
import type { Redactor } from "../secret/redactor.ts";

/** What the end of an attempt says in words. */
interface EndWords {
  readonly outcome: Outcome;
  readonly notes: readonly string[];
  readonly findings: readonly Finding[];
}

/** The words of an attempt without secrets: an agent may have put in parts what the capture could not see as a whole. */
export function withoutSecrets<T extends EndWords>(end: T, redactor: Redactor | null): T {
  if (redactor === null) return end;
  const { outcome, notes, findings } = end;
  const text = (words: string): string => redactor.text(words);
  return {
    ...end,
    outcome: "message" in outcome ? { ...outcome, message: text(outcome.message) } : outcome,
    notes: notes.map(text),
    findings: findings.map((finding) => ({ ...finding, message: text(finding.message) })),
  };
}

/** A provider may name any number; null for one that is no time. */
export function timeOf(ms: number | null): string | null {
  return ms === null || Number.isNaN(new Date(ms).getTime()) ? null : new Date(ms).toISOString();
}

/** What a time limit says that has ended an attempt. */
export function timeoutText({ silent, afterMs }: Extract<Outcome, { kind: "timed-out" }>): string {
  return `no ${silent ? "word for" : "end within"} ${afterMs / 1000} s`;
}

/** What went wrong, with the hint of what helps where there is one. */
export function messageOf(error: unknown): string {
  if (error instanceof RaError && error.hint) return `${error.message}; ${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}
