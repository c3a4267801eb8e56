/** The exit codes of the contract. Changing one is a breaking change. */
export const ExitCode = {
  ok: 0,
  taskFailed: 1,
  usage: 2,
  needsPerson: 3,
  runnerUnfit: 4,
  budget: 5,
  environment: 6,
  notLanded: 7,
  internal: 70,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What a person must mend. `message`: lower case, no full stop. `hint`: what to do, in the same way, as a command where it can be. */
export class RaError extends Error {
  override readonly name = "RaError";
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor(input: {
    code: string;
    exitCode: ExitCode;
    message: string;
    hint?: string | undefined;
    cause?: unknown;
  }) {
    super(input.message, input.cause === undefined ? {} : { cause: input.cause });
    this.code = input.code;
    this.exitCode = input.exitCode;
    this.hint = input.hint;
  }
}
