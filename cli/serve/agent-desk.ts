import type { Clock } from "../../core/clock.ts";
import type { Registry } from "../../core/registry/registry.ts";
import { listAgents } from "../agent-list.ts";
import type { AgentState } from "../agent-state.ts";
import type { Terminal } from "../command.ts";
import type { Config } from "../config.ts";

/** How long an answer counts, in milliseconds: each costs a start of every agent's program. */
const freshMs = 30_000;

/** What `AgentDesk` tells: as `ra agents --json`, and when that was found out. */
export interface ToldAgents {
  readonly agents: readonly AgentState[];
  /** ISO 8601. */
  readonly askedAt: string;
}

/** Tells the state of agents to any number of those who ask, of whom few have the agents themselves asked. */
export class AgentDesk {
  readonly #parts: AgentParts;
  #told: Promise<ToldAgents> | null = null;
  #staleAt = 0;

  constructor(parts: AgentParts) {
    this.#parts = parts;
  }

  view(): Promise<ToldAgents> {
    const { clock } = this.#parts;
    if (this.#told === null || clock.monotonic() >= this.#staleAt) {
      // No second question while the first is open, however long it takes.
      this.#staleAt = Number.POSITIVE_INFINITY;
      this.#told = this.#ask().then(
        (told) => {
          this.#staleAt = clock.monotonic() + freshMs;
          return told;
        },
        (error: unknown) => {
          this.#told = null;
          throw error;
        },
      );
    }
    return this.#told;
  }

  async #ask(): Promise<ToldAgents> {
    const { terminal, config, registry, clock, list = listAgents } = this.#parts;
    const askedAt = new Date(clock.now()).toISOString();
    return { agents: await list(terminal, config, registry), askedAt };
  }
}

/** What an `AgentDesk` works on. */
export interface AgentParts {
  readonly terminal: Pick<Terminal, "cwd" | "env">;
  readonly config: Config;
  readonly registry: Registry;
  readonly clock: Clock;
  /** How agents are asked; for tests. */
  readonly list?: typeof listAgents;
}
