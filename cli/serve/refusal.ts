import { ExitCode, RaError } from "../../core/error.ts";

/** One thing that is wrong with what was sent. */
export interface WrongPart {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Why the gateway does not do what it was asked, for whoever asked. `message` and `hint`: as those of `RaError`. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** As HTTP has it; other ways in say it in their own words. */
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  /** What is wrong with what was sent, by place. */
  readonly issues: readonly WrongPart[];

  constructor(
    status: number,
    code: string,
    message: string,
    more: { readonly hint?: string | undefined; readonly issues?: readonly WrongPart[] } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = more.hint;
    this.issues = more.issues ?? [];
  }
}

/** HTTP statuses of what a person must mend, where the code says more than the exit code. */
const statuses: Readonly<Record<string, number>> = {
  RUN_UNKNOWN: 404,
  RUN_NONE: 404,
  TASK_UNKNOWN: 404,
  RUN_NOT_WAITING: 409,
  RUN_ABANDONED: 409,
  RUN_DRIVEN: 409,
  RUN_HELD: 409,
  RUN_EXHAUSTED: 409,
  BUDGET_REACHED: 409,
  WORK_DISCARDED: 409,
  TARGET_GONE: 409,
  NOTHING_TO_RESUME: 409,
  NOTHING_TO_RETRY: 409,
  NOTHING_TO_LAND: 409,
  LAND_CONFLICT: 409,
  LAND_REFUSED: 409,
  NOTHING_TO_ROLL_BACK: 409,
  ROLLBACK_NEEDED: 409,
  ROLLBACK_CONFLICT: 409,
  ROLLBACK_UNVERIFIED: 409,
  ROLLBACK_REFUSED: 409,
  NOTHING_TO_STOP: 409,
  QUESTION_CLOSED: 409,
  NOTHING_TO_SHOW: 404,
  RUN_WITHOUT_GIT: 404,
};

/** What was thrown as a refusal; null for a bug, of which nothing is told. */
export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error;
  if (!(error instanceof RaError)) return null;
  const status = statuses[error.code] ?? (error.exitCode === ExitCode.usage ? 400 : 503);
  return new Refusal(status, error.code, error.message, { hint: error.hint });
}

/** A refusal in the form of all errors of `ra`. */
export function refusalJson({ code, message, hint, issues }: Refusal): object {
  return {
    v: 1,
    ok: false,
    error: { code, message, hint: hint ?? null, ...(issues.length > 0 ? { issues } : {}) },
  };
}
