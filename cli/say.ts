import { oneLine } from "../core/plain-text.ts";
import type { Terminal } from "./command.ts";

/** Tells a person one thing on a line of its own. Paths, names of processes and messages of others are text from outside. */
export function say(terminal: Pick<Terminal, "err">, text: string): void {
  terminal.err(`ra: ${oneLine(text)}\n`);
}
