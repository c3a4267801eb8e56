import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../support/leftovers.ts";
import { root } from "../support/program.ts";

/** How the agent of a test answers; `say` lines are sent before the answer to the prompt. */
export interface AcpScript {
  /** Result of `session/new`, besides the id. */
  readonly session?: object;
  readonly updates?: readonly object[];
  /** A permission that it asks for first; what it is told is said as its message. */
  readonly permission?: object;
  /** A form that it has filled in first; what it is told is said as its message. */
  readonly form?: object;
  /** Said on standard error while it waits for an answer. */
  readonly warning?: string;
  /** What it was told goes into this file of the session's directory, unless it was refused. */
  readonly writes?: string;
  readonly result?: object;
  /** What it says of itself in `initialize`. */
  readonly capabilities?: object;
  /** How it answers to a session that is to be taken up; it tells what was said in it first. */
  readonly takesUp?: "yes" | "no";
  /** Characters of a message that it says before it answers. */
  readonly longMessage?: number;
  readonly error?: object;
  /** Said on standard error when it is prompted. */
  readonly complaint?: string;
  /** `silent`: it never answers the prompt. `lingers`: it goes on when its input is closed. `breaks`: it exits then. */
  readonly habit?: "silent" | "lingers" | "breaks";
}

/** A program that speaks the protocol as a script says; `heard()` gives what it was asked. */
export function acpAgent(script: AcpScript): {
  readonly command: readonly [string, ...string[]];
  readonly heardPath: string;
} {
  const directory = temporaryDirectory("acp");
  const heardPath = join(directory, "heard");
  const path = join(directory, "agent.ts");
  writeFileSync(path, source(script, heardPath));
  return { command: [process.execPath, path, root], heardPath };
}

function source(script: AcpScript, heardPath: string): string {
  return `
import { appendFileSync, writeFileSync } from "node:fs";
const script = ${JSON.stringify(script)};
const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
const update = (update) => send({ method: "session/update", params: { sessionId: "s1", update } });
const say = (text) => update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text } });
let prompt = null;
let cwd = ".";
const finish = () => {
  if (script.longMessage) say("x".repeat(script.longMessage));
  for (const each of script.updates ?? []) update(each);
  if (script.complaint) process.stderr.write(script.complaint + "\\n");
  if (script.habit === "breaks") process.exit(3);
  if (script.habit === "silent") return;
  if (script.error) send({ id: prompt, error: script.error });
  else send({ id: prompt, result: script.result ?? { stopReason: "end_turn" } });
};
const answers = {
  initialize: () => ({ protocolVersion: 1, agentInfo: { name: "agent", version: "1" }, agentCapabilities: script.capabilities }),
  "session/new": () => ({ sessionId: "s1", ...script.session }),
  "session/load": () => ({}),
  "session/resume": () => ({}),
  "session/set_mode": () => ({}),
  "session/set_model": () => ({}),
  "session/set_config_option": () => ({ configOptions: [] }),
};
const take = (message) => {
  appendFileSync(${JSON.stringify(heardPath)}, JSON.stringify(message) + "\\n");
  if (message.method === "session/prompt") {
    prompt = message.id;
    if (script.warning) setImmediate(() => process.stderr.write(script.warning + "\\n"));
    if (script.form) return send({ id: "p1", method: "elicitation/create", params: { sessionId: "s1", ...script.form } });
    if (!script.permission) return finish();
    return send({ id: "p1", method: "session/request_permission", params: { sessionId: "s1", ...script.permission } });
  }
  if (message.method === "session/new") cwd = message.params.cwd;
  if (message.id === "p1") {
    const { outcome, ...form } = message.result;
    const told = outcome ? outcome.optionId : form.content && Object.values(form.content).join();
    if (script.writes && told && told !== "no") writeFileSync(cwd + "/" + script.writes, told + "\\n");
    say(JSON.stringify(message.result.outcome ?? message.result));
    return finish();
  }
  if (message.method === "session/load" || message.method === "session/resume") {
    if (script.takesUp === "no") {
      return send({ id: message.id, error: { code: -32002, message: "no such session" } });
    }
    say("what was said before");
  }
  const answer = answers[message.method];
  if (answer) send({ id: message.id, result: answer() });
};
let rest = "";
for await (const chunk of process.stdin) {
  const lines = (rest + chunk).split("\\n");
  rest = lines.pop();
  for (const line of lines) take(JSON.parse(line));
}
if (script.habit === "lingers") await new Promise((resolve) => setTimeout(resolve, 330_000));
`;
}
