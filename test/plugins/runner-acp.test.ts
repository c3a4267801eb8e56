import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Question, Scope } from "../../core/plugin/index.ts";
import { programEnvironment } from "../../core/process/environment.ts";
import acp from "../../plugins/runner-acp.ts";
import { until } from "../support/repository.ts";
import { type AcpScript, acpAgent } from "./acp-agent.ts";
import { hostOf } from "./conformance.ts";
import { tryRunner } from "./job.ts";

interface Play {
  readonly model?: string;
  readonly patienceMs?: number;
  readonly answer?: (question: Question) => string | null | Promise<string>;
  readonly scope?: Scope;
}

function play(script: AcpScript | ((cwd: string) => AcpScript), options: Play = {}) {
  const { patienceMs = 30_000, ...task } = options;
  const cwd = process.cwd();
  const agent = acpAgent(typeof script === "function" ? script(cwd) : script);
  const runner = acp(hostOf(agent.command), { patienceMs });
  const trial = tryRunner(runner, { prompt: 'Say "hello".', cwd, ...task });
  const heard = () =>
    readFileSync(agent.heardPath, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { method?: string; params?: Record<string, unknown> });
  return { ...trial, heard };
}

const options = [
  { optionId: "yes", name: "Allow", kind: "allow_once" },
  { optionId: "always", name: "Always", kind: "allow_always" },
  { optionId: "no", name: "Reject", kind: "reject_once" },
];

const asks = (toolCall: object): AcpScript => ({
  permission: { toolCall: { toolCallId: "c1", ...toolCall }, options },
});

test("drives an agent through one session and tells what it did", async () => {
  const trial = play((cwd) => ({
    updates: [
      {
        sessionUpdate: "tool_call",
        toolCallId: "c1",
        title: "write",
        kind: "edit",
        content: [{ type: "diff", path: `${cwd}/a.txt`, oldText: null, newText: "x" }],
      },
      { sessionUpdate: "agent_message_chunk", content: { type: "text", text: "all " } },
      { sessionUpdate: "agent_message_chunk", content: { type: "text", text: "done" } },
      { sessionUpdate: "usage_update", used: 1, size: 2, cost: { amount: 0.5, currency: "USD" } },
    ],
    result: {
      stopReason: "end_turn",
      usage: { inputTokens: 30, outputTokens: 4, totalTokens: 34 },
    },
  }));

  const exit = await trial.exit;

  expect(exit).toEqual({
    ok: true,
    message: "",
    usage: { inputTokens: 30, outputTokens: 4, costUsd: 0.5 },
    account: {
      session: "s1",
      lastMessage: "all done",
      toolCalls: 1,
      edits: [`${trial.cwd}/a.txt`],
    },
  });
  expect(trial.heard().map(({ method }) => method)).toEqual([
    "initialize",
    "session/new",
    "session/prompt",
  ]);
  expect(trial.heard().at(-1)?.params?.prompt).toEqual([{ type: "text", text: 'Say "hello".' }]);
});

test("chooses the model, and the mode in which nobody is asked", async () => {
  const modes = {
    currentModeId: "ask",
    availableModes: [
      { id: "ask", name: "Ask" },
      { id: "yolo", name: "Y" },
    ],
  };
  const select = (value: string) => ({ value, name: value });
  const model = {
    ...{ id: "model", name: "Model", category: "model", type: "select", currentValue: "m1" },
    options: [select("m1"), select("m2")],
  };
  const trial = play({ session: { modes, configOptions: [model] } }, { model: "m2" });

  await trial.exit;

  expect(trial.heard().slice(2, 4)).toMatchObject([
    { method: "session/set_mode", params: { modeId: "yolo" } },
    { method: "session/set_config_option", params: { configId: "model", value: "m2" } },
  ]);
});

test("allows what stays in the workspace, without asking anybody", async () => {
  const trial = play((cwd) => asks({ kind: "edit", locations: [{ path: `${cwd}/a.txt` }] }));

  const exit = await trial.exit;

  expect(exit.account?.lastMessage).toBe('{"outcome":"selected","optionId":"yes"}');
  expect(trial.questions).toEqual([]);
});

test("keeps an agent to its scope: it is to ask, and is refused what lies outside", async () => {
  const scope = { claimed: ["src/**"], covers: (path: string) => path.startsWith("src/") };
  const availableModes = ["yolo", "default"].map((id) => ({ id, name: id }));
  const session = { modes: { currentModeId: "yolo", availableModes } };
  const diff = (path: string) => ({ type: "diff", path, oldText: null, newText: "x" });
  const edit = (path: string) =>
    play({ ...asks({ kind: "edit", content: [diff(path)] }), session }, { scope });
  const [inside, outside] = [edit("src/a.ts"), edit("docs/a.md")];

  const said = await Promise.all([inside.exit, outside.exit]);

  expect(said.map(({ account }) => account?.lastMessage)).toEqual([
    '{"outcome":"selected","optionId":"yes"}',
    '{"outcome":"selected","optionId":"no"}',
  ]);
  expect(outside.questions).toEqual([]);
  expect(outside.heard()[2]).toMatchObject({ params: { modeId: "default" } });
});

test("asks a person about anything else, and passes the answer on", async () => {
  const script = asks({ kind: "edit", title: "Edit `/etc/x`", locations: [{ path: "/etc/x" }] });
  const trial = play(script, { answer: () => "always" });

  const exit = await trial.exit;

  expect(exit.account?.lastMessage).toBe('{"outcome":"selected","optionId":"always"}');
  expect(trial.questions).toEqual([
    {
      text: "Edit `/etc/x`",
      options: [
        { id: "yes", label: "Allow", effect: "allow" },
        { id: "always", label: "Always", effect: "allow", lasts: true },
        { id: "no", label: "Reject", effect: "refuse" },
      ],
    },
  ]);
});

test("says what is to be done, and where, when the title does not", async () => {
  const calls = [
    { kind: "other", title: "/data", locations: [{ path: "/data" }, { path: "/srv" }] },
    { kind: "fetch" },
    {},
  ];

  const asked = calls.map(async (call) => {
    const trial = play(asks(call));
    await trial.exit;
    return trial.questions[0]?.text;
  });

  expect(await Promise.all(asked)).toEqual(["other: /data: /srv", "fetch", "a tool"]);
});

test("refuses when nobody answers, a path that climbs out of the workspace included", async () => {
  const up = (cwd: string) => `${cwd}/../x`;

  for (const script of [
    asks({ kind: "fetch", title: "Fetch" }),
    (cwd: string) => asks({ kind: "edit", locations: [{ path: up(cwd) }] }),
  ]) {
    const exit = await play(script).exit;

    expect(exit.account?.lastMessage).toBe('{"outcome":"selected","optionId":"no"}');
  }
});

const form = (properties: object): AcpScript => ({
  form: { mode: "form", message: "Which port?", requestedSchema: { type: "object", properties } },
});

test("puts the fields of a form to a person, one question each", async () => {
  const script = form({
    port: { type: "string", title: "Port" },
    kind: { type: "string", oneOf: [{ const: "tcp", title: "Plain TCP" }] },
    open: { type: "boolean", title: "Open it?" },
  });
  const answers = ["8080", "tcp", "yes"];
  const trial = play(script, { answer: () => answers.shift() ?? null });

  const exit = await trial.exit;

  expect(trial.questions).toEqual([
    { text: "Which port? Port", options: [] },
    {
      text: "Which port? kind",
      options: [{ id: "tcp", label: "Plain TCP", effect: "answer" }],
    },
    {
      text: "Which port? Open it?",
      options: [
        { id: "yes", label: "yes", effect: "answer" },
        { id: "no", label: "no", effect: "answer" },
      ],
    },
  ]);
  expect(JSON.parse(exit.account?.lastMessage ?? "")).toEqual({
    action: "accept",
    content: { port: "8080", kind: "tcp", open: true },
  });
});

test("declines a form that nobody fills in, or that holds what it cannot ask", async () => {
  const field = { type: "string" };
  const many = Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`f${n}`, field]));
  const unanswered = play(form({ port: field }));
  const strange = play(form({ ports: { type: "array", items: { type: "string", enum: ["1"] } } }), {
    answer: () => "1",
  });
  const long = play(form(many), { answer: () => "1" });

  for (const trial of [unanswered, strange, long]) {
    expect((await trial.exit).account?.lastMessage).toBe('{"action":"decline"}');
  }
  expect([strange.questions, long.questions]).toEqual([[], []]);
});

test("an agent that waits for a person waits for no limit", async () => {
  const script = { ...asks({ kind: "fetch", title: "Fetch" }), warning: "Rate limit exceeded" };
  const hears = async (): Promise<string> => {
    await until(() => trial.said.stderr.length > 0, "the warning");
    // By the next look the patience is over.
    let looks = 0;
    await until(() => ++looks > 2, "two more looks");
    return "yes";
  };
  const trial = play(script, { patienceMs: 1, answer: hears });

  const exit = await trial.exit;

  expect(exit).toMatchObject({ ok: true });
});

test("classes what the provider said", async () => {
  const failure = async (error: object) => play({ error }).exit;

  expect(await failure({ code: 429, message: "Rate limit exceeded" })).toMatchObject({
    ok: false,
    failure: "rate-limit",
    limit: { untilMs: null },
  });
  expect(await failure({ code: -32000, message: "Authentication required" })).toMatchObject({
    ok: false,
    failure: "auth",
  });
  const details = { details: "Insufficient credits" };
  expect(await failure({ code: -32603, message: "Internal error", data: details })).toMatchObject({
    failure: "quota",
  });
});

test("takes a refusal and an end without a word for no success", async () => {
  const refused = await play({ result: { stopReason: "refusal" } }).exit;
  const broken = await play({ habit: "breaks", complaint: "it broke" }).exit;

  expect(refused).toMatchObject({ ok: false, failure: "refused" });
  expect(broken).toMatchObject({ ok: false, crashed: true, failure: "crashed" });
  expect(broken.message).toContain("exit 3: it broke");
});

test("stops an agent that waits out a refusal, and one that stays when its work is done", async () => {
  const waits = play({ habit: "silent", complaint: "Rate limit exceeded" }, { patienceMs: 50 });
  const lingers = play({ habit: "lingers" });

  expect(await waits.exit).toMatchObject({ ok: false, failure: "rate-limit" });
  expect(await lingers.exit).toMatchObject({ ok: true });
});

test("ends with its attempt", async () => {
  const trial = play({ habit: "silent" });

  const survivors = await trial.cancel(500);

  expect(survivors).toEqual([]);
  expect((await trial.exit).ok).toBe(false);
});

test("says how to name an agent where none is named", async () => {
  const probe = await acp(hostOf(null)).probe(new AbortController().signal);

  expect(probe).toMatchObject({ ok: false, fix: expect.stringContaining("runners: { acp:") });
});

test("gets what agents are told of account and key by, and nothing of other programs", () => {
  const needed = ["ANTHROPIC_API_KEY", "GEMINI_CLI_HOME", "GOOGLE_GEMINI_BASE_URL", "HOME"];
  const foreign = ["GITHUB_TOKEN", "DATABASE_URL"];
  const parent = Object.fromEntries([...needed, ...foreign].map((variable) => [variable, "x"]));

  const environment = programEnvironment(parent, acp(hostOf(null)).traits.environment);

  expect(Object.keys(environment).sort()).toEqual([...needed, "GIT_TERMINAL_PROMPT"].sort());
});
