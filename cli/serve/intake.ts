import { createHash } from "node:crypto";
import { newRunId } from "../../core/id.ts";
import { didYouMean } from "../../core/nearest.ts";
import { buildGraph } from "../../core/plan/graph.ts";
import { loadPlan } from "../../core/plan/load.ts";
import type { Queue } from "../../core/queue/queue.ts";
import type { NewRequest, Origin, QueuedRequest } from "../../core/queue/request.ts";
import { type Config, knownOf } from "../config.ts";
import { nameOfPrompt, planOfPrompt } from "../request-plan.ts";
import { runnerNames } from "../runner-names.ts";
import type { Ask, PlanAsk, PromptAsk } from "./asks.ts";
import { type ReadPlan, withParameters } from "./named-plans.ts";
import { Refusal } from "./refusal.ts";

/** Requests that were accepted. */
export interface Accepted {
  readonly requests: readonly QueuedRequest[];
  /** True when they had been accepted before, under the same key. */
  readonly known: boolean;
}

/** The one way into the queue: whichever way a request comes, the same may be asked, and the same is refused. */
export class Intake {
  readonly #queue: Queue;
  readonly #config: Config;
  readonly plans: ReadonlyMap<string, ReadPlan>;

  constructor(queue: Queue, config: Config, plans: ReadonlyMap<string, ReadPlan>) {
    this.#queue = queue;
    this.#config = config;
    this.plans = plans;
  }

  /** True when prompts are open for a way in. */
  takesPrompts(source: string): boolean {
    return this.#config.serve.prompts.includes(source);
  }

  /** Accepts one request. `key`: a second one of the same source with it is the first one. Throws `Refusal`. */
  accept(ask: Ask, origin: Origin, key: string | null): Accepted {
    return this.#hand([{ ...this.#request(ask, origin), key, batch: null }]);
  }

  /** Accepts all or none, as one batch. Throws `Refusal`. */
  acceptBatch(asks: readonly Ask[], origin: Origin, key: string | null): Accepted {
    // Sent again under its key, a batch is the same batch.
    const batch =
      key === null ? newRunId(12) : createHash("sha256").update(key).digest("hex").slice(0, 12);
    return this.#hand(
      asks.map((ask, i) => ({
        ...this.#request(ask, origin),
        key: key === null ? null : `${key}/${i}`,
        batch,
      })),
    );
  }

  /** What a named plan will do: its mode and its tasks, each with whether others run beside it. */
  outline(plan: ReadPlan): object {
    const loaded = loadPlan(JSON.stringify(plan.content), knownOf(this.#config, runnerNames));
    if (!loaded.ok) return { mode: null, tasks: [] };
    const { mode, tasks } = loaded.value;
    const { waves } = buildGraph(tasks);
    const wide = new Set(waves.filter((wave) => wave.length > 1).flat());
    return {
      mode,
      tasks: tasks.map(({ id, description, deps, position, parallel }) => ({
        ...{ id, description, deps },
        beside: parallel && wide.has(position),
      })),
    };
  }

  #hand(requests: readonly NewRequest[]): Accepted {
    const acceptance = this.#queue.accept(requests);
    switch (acceptance.kind) {
      case "accepted":
        return acceptance;
      case "full":
        throw new Refusal(
          503,
          "QUEUE_FULL",
          `the queue is full: ${acceptance.waiting} requests wait`,
          {
            hint: "send it again when some of them have started",
          },
        );
      case "conflict":
        throw new Refusal(
          422,
          "KEY_USED",
          `the key \`${acceptance.key}\` stands for another request`,
          {
            hint: "give every request a key of its own",
          },
        );
    }
  }

  #request(ask: Ask, origin: Origin): Omit<NewRequest, "key" | "batch"> {
    const made = "plan" in ask ? this.#named(ask) : this.#prompt(ask, origin);
    return {
      ...origin,
      conversation: ask.conversation ?? null,
      asked: JSON.stringify(ask),
      ...made,
    };
  }

  #named({ plan: name, params = {}, mode }: PlanAsk): Pick<NewRequest, "name" | "plan"> {
    const plan = this.plans.get(name);
    if (plan === undefined) {
      throw new Refusal(404, "PLAN_UNKNOWN", `there is no plan \`${name}\` to ask for`, {
        hint: didYouMean(name, this.plans.keys(), "`GET /api/plans` lists them"),
      });
    }
    const text = withParameters(plan, params, mode);
    this.#demandValid(text, (message) => message);
    return { name, plan: text };
  }

  #prompt(ask: PromptAsk, { source }: Origin): Pick<NewRequest, "name" | "plan"> {
    const { verify } = this.#config.serve;
    if (!this.takesPrompts(source)) {
      throw new Refusal(
        403,
        "PROMPTS_CLOSED",
        `prompts by way of \`${source}\` are not open, named plans only`,
        {
          hint: `open them with \`serve: { prompts: [${source}] }\` in your own config`,
        },
      );
    }
    if (ask.prompt.trim() === "") throw new Refusal(400, "BAD_BODY", "`prompt` must not be empty");
    const { conversation: _, ...request } = ask;
    const text = JSON.stringify(
      planOfPrompt({ ...request, ...(verify === null ? {} : { verify }) }),
    );
    this.#demandValid(text, (message) => message.replaceAll(/`tasks\[0\]\.?/g, "`"));
    return { name: nameOfPrompt(ask.prompt), plan: text };
  }

  #demandValid(text: string, said: (message: string) => string): void {
    const loaded = loadPlan(text, knownOf(this.#config, runnerNames));
    if (loaded.ok) return;
    const issues = loaded.error.map(({ code, message, hint }) => ({
      code,
      message: said(message),
      hint,
    }));
    throw new Refusal(400, "PLAN_INVALID", issues[0]?.message ?? "", {
      issues,
      hint: issues[0]?.hint,
    });
  }
}
