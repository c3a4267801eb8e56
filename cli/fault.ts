import { block, jsonText } from "../core/plain-text.ts";

/** What is shown of an error. */
export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** An error as `ra` shows it: `error[CODE]: message`, then `fix:` when there is a hint. Ends with a line end. */
export function renderError(error: Fault, color: boolean): string {
  const paint = (codes: string, text: string): string =>
    color ? `\u001b[${codes}m${text}\u001b[0m` : text;
  const fix = error.hint ? `${paint("1", "fix:")} ${block(error.hint)}\n` : "";
  return `${paint("1;31", `error[${error.code}]`)}: ${block(error.message)}\n${fix}`;
}

/** An error as the one JSON object that `--json` promises, with its line end. */
export function errorJson(error: Fault): string {
  const { code, message, hint } = error;
  return `${jsonText({ v: 1, ok: false, error: { code, message, hint: hint ?? null } })}\n`;
}
