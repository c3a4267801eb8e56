import { expect, test } from "bun:test";
import type { Assignment } from "../../core/dispatch/assignment.ts";
import { Sessions } from "../../core/dispatch/sessions.ts";
import type { Runner } from "../../core/plugin/runner.ts";
import type { Outcome, Usage } from "../../core/run/model.ts";
import { makeTask, puppetRunner } from "../support/rig.ts";

function runnerOf(name: string, continues = true): Runner {
  const runner = puppetRunner(name);
  return continues ? { ...runner, traits: { ...runner.traits, continues: true } } : runner;
}

function attempt(number: number, runner = runnerOf("claude"), continues = true): Assignment {
  const task = makeTask("t", continues ? { continueSession: true } : {});
  const rest = { model: null, provider: null, instead: null, isolation: "clone" } as const;
  const later = { stepping: false, before: null, clash: null, resolves: false } as const;
  return { position: 0, task, number, runner, ...rest, ...later };
}

const timedOut: Outcome = { kind: "timed-out", afterMs: 5000 };
const limited: Outcome = { kind: "rate-limited", until: null, message: "429" };

function end(
  sessions: Sessions,
  number: number,
  outcome: Outcome,
  more: { session?: string; kept?: string; usage?: Usage; runner?: Runner } = {},
): void {
  const assignment = attempt(number, more.runner);
  if (more.session !== undefined) sessions.opened(assignment, { id: more.session });
  const snapshot = more.kept === undefined ? null : { unchanged: false, commit: more.kept };
  sessions.ended(assignment, { outcome, usage: more.usage ?? null, snapshot });
}

test("the first attempt begins, and so does each of a task that does not ask for more or of a runner without sessions", () => {
  const sessions = new Sessions(undefined);
  expect(sessions.next(attempt(1))).toBeNull();
  end(sessions, 1, timedOut, { session: "s" });

  expect(sessions.next(attempt(2, runnerOf("claude"), false))).toBeNull();
  expect(sessions.next(attempt(2, runnerOf("shell", false)))).toBeNull();
});

test("a further attempt goes on with session and files of the last one, and is told why that did not land", () => {
  const sessions = new Sessions(undefined);
  const usage = { inputTokens: 10, outputTokens: 2, costUsd: null };
  end(sessions, 1, timedOut, { session: "s", kept: "c1", usage });

  expect(sessions.next(attempt(2))).toEqual({
    attempt: 1,
    reason: "timeout: no end within 5 s",
    kept: "c1",
    session: { id: "s", attempt: 1, used: { inputTokens: 10, outputTokens: 2, costUsd: 0 } },
  });
});

test("an agent that fell silent is told so", () => {
  const sessions = new Sessions(undefined);
  end(sessions, 1, { kind: "timed-out", afterMs: 900_000, silent: true }, { session: "s" });

  expect(sessions.next(attempt(2))?.reason).toBe("timeout: no word for 900 s");
});

test("what kept a result from landing is the reason", () => {
  const sessions = new Sessions(undefined);
  end(sessions, 1, { kind: "succeeded", commit: "c1" }, { session: "s", kept: "c1" });
  sessions.landed(attempt(1), { kind: "unverified", message: "`make` exited 2" });

  expect(sessions.next(attempt(2))?.reason).toBe("verify: `make` exited 2");
});

test("an attempt that a limit ended before it began hands the session on, with all that was used in it", () => {
  const sessions = new Sessions(undefined);
  const usage = { inputTokens: 10, outputTokens: 2, costUsd: 1 };
  end(sessions, 1, limited, { session: "s", kept: "c1", usage });
  end(sessions, 2, timedOut, { session: "s", kept: "c2", usage });
  end(sessions, 3, limited);

  expect(sessions.next(attempt(4))).toMatchObject({
    kept: "c2",
    session: { id: "s", attempt: 2, used: { inputTokens: 20, outputTokens: 4, costUsd: 2 } },
  });
});

test("a session is left where it would fail again, where another runner had it, and where there is none", () => {
  const failed = (failure: string): Outcome => ({ kind: "failed", message: "no", class: failure });
  const anewAfter = (outcome: Outcome, more: Parameters<typeof end>[3]) => {
    const sessions = new Sessions(undefined);
    end(sessions, 1, outcome, more);
    return sessions.next(attempt(2))?.session;
  };

  expect(anewAfter(failed("context-overflow"), { session: "s" })).toEqual({
    anew: "the conversation had grown too long",
  });
  expect(anewAfter(failed("refused"), { session: "s" })).toEqual({
    anew: "the model had refused in it",
  });
  expect(anewAfter(timedOut, { session: "s", runner: runnerOf("kilo") })).toEqual({
    anew: "it was `kilo` that worked on it",
  });
  expect(anewAfter({ kind: "crashed", message: "exit 1" }, {})).toEqual({
    anew: "the agent had not got as far as a session",
  });
});
