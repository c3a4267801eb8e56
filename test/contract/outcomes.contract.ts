import { afterAll, expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Dispatch,
  deadlineMs,
  endOf,
  leftoversOf,
  makeWorld,
  type World,
} from "../e2e/agents/world.ts";
import { agentModels } from "../support/agent-home.ts";
import { type AgentName, agentCommand, testWith } from "../support/agents.ts";
import { runProgram } from "../support/program.ts";
import { type Row, writeLine } from "./contract-table.ts";

/** What `ra` promises of every agent, shown with the real ones. */
interface Situation {
  readonly name: string;
  readonly script: string;
  readonly expected: Pick<Row, "end" | "exitCode">;
  readonly plan?: string;
  /** What the test does while `ra` runs. */
  during?(world: World, dispatch: Dispatch): Promise<void>;
  after?(world: World, dispatch: Dispatch): Promise<void>;
}

const situations: readonly Situation[] = [
  {
    name: "edits a file",
    script: "@@write made.txt <<made\\n>>",
    expected: { end: "done", exitCode: 0 },
    async after(world) {
      expect(await world.git("show", "HEAD:made.txt")).toBe("made\n");
    },
  },
  { name: "does nothing", script: "@@say well", expected: { end: "no-change", exitCode: 1 } },
  {
    name: "is to write outside its scope",
    script:
      "@@write docs/outside.txt <<no\\n>>\n@@write made/inside.txt <<yes\\n>>\n@@say it was refused",
    plan: "touching: [made/**], scope: block",
    // Without means of its own the agent would write both, and `ra` would take neither.
    expected: { end: "done", exitCode: 0 },
    async after(world) {
      expect(await world.git("show", "HEAD:made/inside.txt")).toBe("yes\n");
    },
  },
  {
    name: "is rate limited, then answers",
    script: "@@error 429 retry-after=1 times=1\n@@write late.txt <<late\\n>>",
    expected: { end: "done", exitCode: 0 },
  },
  {
    name: "is unauthorised",
    script: "@@error 401",
    expected: { end: "auth", exitCode: 4 },
    async after(_world, dispatch) {
      expect(endOf(dispatch)[0]?.error?.message).toMatch(/log in with `.+`/);
    },
  },
  {
    name: "hangs",
    script: "@@hang",
    // It is to have asked the model by then.
    plan: "timeout: LIMIT",
    expected: { end: "timeout", exitCode: 1 },
    async after(world) {
      expect(world.model.requests.length).toBeGreaterThan(0);
    },
  },
  {
    name: "is cancelled in a tool",
    script: "@@shell touch READY; sleep 341",
    expected: { end: "stopped", exitCode: 1 },
    async during(world, dispatch) {
      await readiness(world, dispatch);
      expect((await world.ra("stop", "@last/t")).code).toBe(0);
    },
  },
  {
    name: "leaves children",
    script:
      "@@shell (setsid nohup sleep 342 >/dev/null 2>&1 &) ; nohup sleep 343 >/dev/null 2>&1 & touch READY\n@@write made.txt <<made\\n>>",
    expected: { end: "done", exitCode: 0 },
    async during(world, dispatch) {
      await readiness(world, dispatch);
    },
  },
];

const rows: Row[] = [];
const chosen = (process.env.RA_CONTRACT ?? "kilo gemini claude codex opencode acp").split(" ");

for (const agent of chosen as AgentName[]) {
  for (const situation of situations) {
    testWith(agent)(
      `${agent} ${situation.name}`,
      async () => {
        const row = await play(agent, situation);

        rows.push(row);
        expect(row).toMatchObject({ ...situation.expected, leftovers: 0 });
      },
      deadlineMs,
    );
  }
}

afterAll(() => {
  const names = situations.map(({ name }) => name);
  for (const each of Map.groupBy(rows, ({ agent }) => agent).values()) writeLine(each, names);
});

async function play(agent: AgentName, situation: Situation): Promise<Row> {
  const command = JSON.stringify(agentCommand(agent));
  const settings = `{ parallel: true${agent === "acp" ? `, command: ${command}` : ""} }`;
  const world = await makeWorld({ userConfig: `runners: { ${agent}: ${settings} }\n` });
  const prompt = `Do it.\n${situation.script.replaceAll("READY", readyFile(world))}`;
  const model = agentModels[agent];
  const task = `id: t, runner: ${agent}, model: "${model}", prompt: ${JSON.stringify(prompt)}`;
  const limit = agent === "kilo" || agent === "opencode" ? "90s" : "30s";
  const more = situation.plan === undefined ? "" : `, ${situation.plan.replace("LIMIT", limit)}`;
  world.plan(`version: 1\nname: contract\ntasks: [{ ${task}${more} }]\n`);
  const dispatch = world.dispatch("--auto");
  await situation.during?.(world, dispatch);
  const { code } = await dispatch.finished;
  const left = leftoversOf(world);
  if (left.length > 0) console.warn(`${agent} ${situation.name} left: ${left.join(", ")}`);
  const [end] = endOf(dispatch);
  await situation.after?.(world, dispatch);
  return {
    agent: agent === "acp" ? "acp, Gemini CLI" : agent,
    version: await versionOf(agent, world),
    situation: situation.name,
    end: end?.error?.kind ?? end?.status ?? "none",
    exitCode: code,
    attempts: end?.attempts ?? 0,
    leftovers: left.length,
  };
}

function readyFile(world: World): string {
  return join(world.env.HOME as string, "ready");
}

/** Waits until the agent is inside its tool. */
async function readiness(world: World, dispatch: Dispatch): Promise<void> {
  let isOver = false;
  void dispatch.finished.then(() => {
    isOver = true;
  });
  while (!existsSync(readyFile(world))) {
    if (isOver) throw new Error(`the agent never came into its tool: ${logOf(world)}`);
    await Bun.sleep(50);
  }
}

function logOf(world: World): string {
  const report = join(world.repository, ".ra", "state.md");
  return existsSync(report) ? readFileSync(report, "utf8").slice(0, 2000) : "";
}

async function versionOf(agent: AgentName, world: World): Promise<string> {
  const { out } = await runProgram([...agentCommand(agent), "--version"], { env: world.env });
  return /\d+\.\d+\.\d+/.exec(out)?.[0] ?? "";
}
