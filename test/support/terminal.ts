import type { Terminal } from "../../cli/command.ts";

/** A terminal that nobody sits at; what was printed stands in `told`. */
export function quietTerminal(overrides: Partial<Terminal> = {}): {
  readonly terminal: Terminal;
  readonly told: { out: string; err: string };
} {
  const told = { out: "", err: "" };
  const terminal: Terminal = {
    cwd: "/",
    env: {},
    interactive: false,
    color: false,
    columns: 80,
    out(text) {
      told.out += text;
    },
    err(text) {
      told.err += text;
    },
    ask: async () => null,
    ...overrides,
  };
  return { terminal, told };
}
