import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Event } from "../../../core/run/event.ts";
import { agentModels } from "../../support/agent-home.ts";
import { type AgentName, agentCommand, testWith } from "../../support/agents.ts";
import { temporaryDirectory } from "../../support/leftovers.ts";
import { until } from "../../support/repository.ts";
import { deadlineMs, makeWorld, programsOf, type World } from "./world.ts";

/** What the check prints is what the agent is told failed; the model follows it as a script. */
const complaint = "@@shell echo whole >> made.txt";

/** Of two agents that declare it over the protocol, Gemini CLI 0.61.0 finds no session of its own, and Kilo does. */
const kiloOverAcp = [...agentCommand("kilo"), "acp"] as const;

interface Options {
  readonly between?: string;
  /** The agent that the runner `acp` drives. */
  readonly over?: readonly [string, ...string[]];
}

/** A world whose plan has one task that fails its check unless `made.txt` is whole. `between` runs before the check fails. */
async function worldOf(
  agent: AgentName,
  script: string,
  { between = "", over = agentCommand(agent) }: Options = {},
): Promise<World> {
  const command = JSON.stringify(over);
  const settings = `{ parallel: true${agent === "acp" ? `, command: ${command}` : ""} }`;
  const world = await makeWorld({ userConfig: `runners: { ${agent}: ${settings} }\n` });
  const check = `grep -q whole made.txt && exit 0\n${between}\necho "${complaint}"\nexit 1\n`;
  writeFileSync(join(world.env.HOME as string, "check.sh"), check);
  world.plan(`version: 1
name: session
defaults: { continueSession: true, timeout: 9m, retries: { max: 1, backoff: 10ms } }
tasks:
  - id: t
    runner: ${agent}
    model: ${JSON.stringify(over === kiloOverAcp ? agentModels.kilo : agentModels[agent])}
    prompt: ${JSON.stringify(`Make it whole.\n${script}`)}
    verify: sh "$HOME/check.sh"
`);
  return world;
}

function ofType<T extends Event["type"]>(events: readonly Event[], type: T) {
  return events.filter((event): event is Extract<Event, { type: T }> => event.type === type);
}

/** True when Codex or Gemini CLI has written down, in its notes on a session, what came of a tool. */
function hasNoted(home: string): boolean {
  const stores = [join(home, ".codex", "sessions"), join(home, ".gemini", "tmp")];
  const notes = stores.filter(existsSync).flatMap((store) => {
    const names = readdirSync(store, { recursive: true, encoding: "utf8" });
    return names.filter((name) => name.endsWith(".jsonl")).map((name) => join(store, name));
  });
  const outcome = /"type":"function_call_output"|"functionResponse":/;
  return notes.some((path) => outcome.test(readFileSync(path, "utf8")));
}

const agents = ["kilo", "gemini", "claude", "codex", "opencode", "acp"] as const;

for (const agent of agents) {
  testWith(agent)(
    `${agent} goes on with its session and its files, told what failed and not the whole task again`,
    async () => {
      const options = agent === "acp" ? { over: kiloOverAcp } : {};
      const world = await worldOf(agent, "@@write made.txt <<half\\n>>", options);

      const dispatch = world.dispatch("--auto");
      const { code, err } = await dispatch.finished;

      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(await world.git("show", "HEAD:made.txt")).toBe("half\nwhole\n");
      const [first, second, ...more] = ofType(dispatch.events, "session.opened");
      expect(more).toEqual([]);
      expect(second).toMatchObject({ session: first?.session, attempt: 2, continues: 1 });
      const told = world.model.requests.at(-1)?.prompt ?? "";
      expect(told.split("Make it whole.")).toHaveLength(2);
      expect(told).toContain("exited 1");
      const ends = ofType(dispatch.events, "attempt.finished");
      // Some count on from the attempt before, and some tell nothing over the protocol.
      expect(new Set(ends.map(({ usage }) => JSON.stringify(usage))).size).toBe(1);
      const shown = await world.ra("show", "@last/t");
      expect(shown.out).toContain(`session ${first?.session}, goes on with that of attempt 1`);
      await world.expectNothingLeft();
    },
    deadlineMs,
  );

  testWith(agent)(
    `${agent} begins anew with the whole task where its session is gone, and says so`,
    async () => {
      const stores = [".claude/projects", ".codex/sessions", ".gemini/tmp"];
      const gone = [
        ...stores.map((store) => `"$HOME/${store}"`),
        '"$HOME"/../*/.git/ra/runs/*/t/session',
      ];
      const script = "@@write made.txt <<half\\n>>";
      const world = await worldOf(agent, script, { between: `rm -rf ${gone.join(" ")}` });

      const dispatch = world.dispatch("--auto");
      const { code, err } = await dispatch.finished;

      expect({ code, err }).toEqual({ code: 0, err: "" });
      const [first, second] = ofType(dispatch.events, "session.opened");
      console.info(`${agent}: ${second?.anew}`);
      expect([second?.attempt, second?.continues, second?.anew]).toEqual([
        2,
        undefined,
        expect.stringMatching(/./),
      ]);
      expect(second?.session).not.toBe(first?.session);
      const told = world.model.requests.at(-1)?.prompt ?? "";
      expect(told).toContain("Make it whole.");
      expect(told).toContain("The current directory holds what the attempt before this one left");
      await world.expectNothingLeft();
    },
    deadlineMs,
  );
}

// Claude Code writes its sessions down a little late: killed at once, it may have none to go on with.
for (const agent of ["gemini", "codex"] as const) {
  testWith(agent)(
    `${agent} goes on with its session and its files after ra was killed`,
    async () => {
      const go = join(temporaryDirectory("go"), "go");
      const world = await worldOf(
        agent,
        `@@write made.txt <<half\\n>>\n@@hold ${go}\n@@shell echo whole >> made.txt`,
      );
      const dispatch = world.dispatch("--auto");
      const opened = await dispatch.until(({ type }) => type === "session.opened");
      await until(() => hasNoted(world.env.HOME as string), "the notes on the first half");

      dispatch.kill();
      await dispatch.finished;
      // The warden ends the agent a moment later: answered before, it would take a step that it may not write down.
      await until(() => programsOf(world).length === 0, "the end of the agent");
      writeFileSync(go, "");
      const { code, out } = await world.ra("resume", "@last", "--json");

      expect(code).toBe(0);
      const events = out
        .trim()
        .split("\n")
        .map((text) => JSON.parse(text) as Event);
      const { session } = opened as Extract<Event, { type: "session.opened" }>;
      expect(ofType(events, "session.opened")).toMatchObject([
        { session, attempt: 2, continues: 1 },
      ]);
      expect(await world.git("show", "HEAD:made.txt")).toBe("half\nwhole\n");
    },
    deadlineMs,
  );
}
