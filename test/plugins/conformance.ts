import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunnerFactory, RunnerHost } from "../../core/plugin/index.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { tryRunner } from "./job.ts";

/** What an agent printed and how it ended, to be played again. */
export interface Tape {
  readonly stdout?: readonly (string | object)[];
  readonly stderr?: readonly string[];
  /** `hang`: it goes on waiting. */
  readonly end?: number | "hang" | "kill";
}

/** The ends that every agent can come to, in its own words. */
export interface Tapes {
  readonly success: Tape;
  readonly limited: Tape;
  readonly unauthorised: Tape;
  readonly failedProvider: Tape;
}

/** A program that reads its prompt and then plays a tape; its prompt is kept in `prompt.txt` beside it. */
export function player(tape: Tape): readonly [string, ...string[]] {
  const directory = temporaryDirectory("tape");
  const lines = (tape.stdout ?? []).map((l) => (typeof l === "string" ? l : JSON.stringify(l)));
  writeFileSync(join(directory, "out"), lines.map((line) => `${line}\n`).join(""));
  writeFileSync(join(directory, "err"), (tape.stderr ?? []).map((line) => `${line}\n`).join(""));
  const ends = { hang: "exec sleep 330", kill: "kill -9 $$" } as const;
  const end = typeof tape.end === "string" ? ends[tape.end] : `exit ${tape.end ?? 0}`;
  const script = `cd '${directory}'; cat > prompt.txt; cat err >&2; cat out; ${end}`;
  return ["sh", "-c", script, "agent"];
}

/** A host whose agent is the given program. */
export function hostOf(command: readonly [string, ...string[]] | null): RunnerHost {
  return { command, query: async () => null };
}

/** What core may expect of every runner that drives an agent. */
export function conformsAsAgent(name: string, factory: RunnerFactory, tapes: Tapes): void {
  const play = (tape: Tape, prompt = "do it") =>
    tryRunner(factory(hostOf(player(tape))), { prompt });
  const withoutEnd: Tape = { ...tapes.success, stdout: tapes.success.stdout?.slice(0, -1) ?? [] };

  describe(`${name} as a runner`, () => {
    test("reports success in the agent's own words, with what it used", async () => {
      const exit = await play(tapes.success).exit;

      expect(exit).toMatchObject({ ok: true, message: "" });
      expect(exit.usage?.inputTokens).toBeGreaterThan(0);
      expect(exit.usage?.outputTokens).toBeGreaterThan(0);
      expect(exit.limit ?? exit.auth ?? exit.crashed).toBeUndefined();
    });

    test("reads past text that is no event", async () => {
      const odd = [
        { type: 7, part: null },
        { type: "tool_use", part: 7, parameters: null },
        { type: "assistant", message: { content: [null] } },
        { type: "item.completed", item: { type: "file_change", changes: 7 } },
      ].map((event) => JSON.stringify(event));
      const noise = ["Warning: {not json", "{}", "null", ...odd, "\u001b[2J{"];

      const exit = await play({
        ...tapes.success,
        stdout: [...noise, ...(tapes.success.stdout ?? [])],
      }).exit;

      expect(exit.ok).toBe(true);
    });

    test("gives the prompt on standard input, whatever it holds", async () => {
      const prompt = `"quotes" $(date) \`x\` ) -m\n${"long ".repeat(60_000)}`;
      const trial = play(tapes.success, prompt);

      const exit = await trial.exit;

      expect(exit.ok).toBe(true);
      expect(trial.started.flat().join(" ")).not.toContain("quotes");
    });

    test("reports a rate limit as one", async () => {
      const exit = await play(tapes.limited).exit;

      expect(exit.ok).toBe(false);
      expect(exit.limit).toBeDefined();
      expect(exit.auth).toBeUndefined();
    });

    test("reports a missing login with the way to mend it", async () => {
      const exit = await play(tapes.unauthorised).exit;

      expect(exit.ok).toBe(false);
      expect(exit.auth?.fix).not.toBe("");
      expect(exit.limit).toBeUndefined();
    });

    test("reports a provider's fault as a plain failure", async () => {
      const exit = await play(tapes.failedProvider).exit;

      expect(exit.ok).toBe(false);
      expect(exit.message).toContain("500");
      expect(exit.limit ?? exit.auth).toBeUndefined();
    });

    test("never takes a stream that breaks off for success, whatever the exit code", async () => {
      for (const tape of [{ ...withoutEnd, end: 0 }, { ...withoutEnd, end: "kill" } as const, {}]) {
        const exit = await play(tape).exit;

        expect(exit).toMatchObject({ ok: false, crashed: true });
        expect(exit.message).not.toBe("");
      }
    });

    test("does not take the end of a stopped agent for its own", async () => {
      const trial = play({ ...withoutEnd, end: "hang" });

      await trial.cancel(100);

      expect((await trial.exit).ok).toBe(false);
    });

    test("names a missing program with the command that installs it", async () => {
      const probe = await factory(hostOf(null)).probe(new AbortController().signal);

      expect(probe).toMatchObject({ ok: false, fix: expect.stringContaining("npm install -g ") });
    });
  });
}
