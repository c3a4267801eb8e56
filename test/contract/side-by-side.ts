import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Exit, Job } from "../../core/plugin/index.ts";
import { programEnvironment } from "../../core/process/environment.ts";
import { openLog } from "../../core/process/log.ts";
import { startProcess } from "../../core/process.ts";
import { type StreamAgentName, streamAgents } from "../plugins/agent-cases.ts";
import { hostOf } from "../plugins/conformance.ts";
import { agentModels, makeAgentHome } from "../support/agent-home.ts";
import { agentCommand, agentPrograms } from "../support/agents.ts";
import { startModelServer } from "../support/model-server.ts";

/** What went wrong when several of a kind worked at once on one home; empty when nothing did. */
export interface Round {
  readonly complaints: readonly string[];
  readonly wallMs: number;
}

/** Starts `count` of one agent at once on one new home, each with a task of its own, and looks at what came of each. */
export async function playRound(agent: StreamAgentName, count: number): Promise<Round> {
  const place = mkdtempSync(join(tmpdir(), "ra-beside-"));
  const model = startModelServer();
  const began = performance.now();
  try {
    const { env } = makeAgentHome(place, model.url);
    const names = Array.from({ length: count }, (_, index) => `w${index}`);
    const ends = await Promise.all(names.map((name) => work(agent, name, place, env)));
    const sessions = new Set(ends.map(({ exit }) => exit.account?.session));
    const complaints = ends.flatMap((end) => complaintsOf(end, names));
    if (sessions.size !== count) complaints.push(`${count} agents, ${sessions.size} sessions`);
    const prompts = model.requests.map(({ prompt }) => prompt);
    const mixed = prompts.filter(
      (text) => names.filter((n) => text.includes(`I am ${n}.`)).length > 1,
    );
    if (mixed.length > 0) complaints.push(`${mixed.length} requests hold two tasks`);
    return { complaints, wallMs: performance.now() - began };
  } finally {
    await model.stop();
    rmSync(place, { recursive: true, force: true });
  }
}

interface End {
  readonly name: string;
  readonly cwd: string;
  readonly exit: Exit;
  readonly printed: string;
}

async function work(
  agent: StreamAgentName,
  name: string,
  place: string,
  home: Readonly<Record<string, string>>,
): Promise<End> {
  const [cwd, scratch] = [join(place, name), join(place, `${name}.scratch`)];
  for (const path of [cwd, scratch]) mkdirSync(path);
  const logPath = join(place, `${name}.log`);
  const log = openLog(logPath);
  const runner = streamAgents[agent](hostOf(agentCommand(agent)));
  const path = `${agentPrograms}:${process.env.PATH ?? ""}`;
  const env = programEnvironment(process.env, runner.traits.environment, { ...home, PATH: path });
  const controller = new AbortController();
  const job: Job = {
    taskId: name,
    prompt: `I am ${name}.\n@@write ${name}.txt <<${name}\\n>>\n@@shell cat ${name}.txt > copy.txt\n@@say done by ${name}`,
    model: agentModels[agent],
    cwd,
    scratch,
    scope: null,
    state: scratch,
    continues: null,
    signal: controller.signal,
    ask: async () => null,
    async start({ stop, env: more, ...program }) {
      const mark = `beside/${name}/${process.pid}`;
      const running = startProcess({ ...program, cwd, env: { ...env, ...more }, mark, log });
      const end = (): void => void running.end(500);
      stop?.addEventListener("abort", end);
      const ended = await running.ended;
      await running.end(500);
      return ended;
    },
  };
  const exit = await runner.run(job);
  log.end();
  return { name, cwd, exit, printed: readFileSync(logPath, "utf8") };
}

function complaintsOf({ name, cwd, exit, printed }: End, names: readonly string[]): string[] {
  const complaints: string[] = [];
  if (!exit.ok) complaints.push(`${name} failed: ${exit.message}`);
  if (exit.account?.lastMessage !== `done by ${name}`) {
    complaints.push(`${name} said \`${exit.account?.lastMessage}\``);
  }
  for (const file of [`${name}.txt`, "copy.txt"]) {
    const path = join(cwd, file);
    const text = existsSync(path) ? readFileSync(path, "utf8") : "nothing";
    if (text !== `${name}\n`) complaints.push(`${name}/${file} holds ${text}`);
  }
  const others = names.filter((other) => other !== name && printed.includes(`I am ${other}.`));
  if (others.length > 0) complaints.push(`${name} was told the task of ${others.join(", ")}`);
  if (/database is locked|SQLITE_BUSY/.test(printed)) complaints.push(`${name} met a lock`);
  return complaints;
}
