import {
  type AnyMessage,
  type ClientContext,
  client,
  methods,
  type NewSessionResponse,
  PROTOCOL_VERSION,
  RequestError,
  type SessionConfigOption,
  type SessionNotification,
  type Stream,
  type ToolCallUpdate,
} from "@agentclientprotocol/sdk";
import {
  accountOf,
  brokenOff,
  type Exit,
  fillIn,
  type Job,
  newStory,
  openTalk,
  type Patience,
  type ProgramExit,
  permit,
  probeVersion,
  type Runner,
  type RunnerHost,
  refusedExit,
  type Story,
  soundsLimited,
  startPatience,
  stepRules,
  tellAnswer,
  usualKeys,
  waitingExit,
} from "../core/plugin/index.ts";

const login = "start the agent once by hand and log in there";
const configure =
  "name its command in the config: `runners: { acp: { command: [gemini, --acp] } }`";

/** Which agent it is, only the user knows: what any of them is told of account and key by. */
const environment = [
  ...usualKeys,
  ...["ACP_*", "ANTHROPIC_*", "CLAUDE_*", "CODEX_*", "COPILOT_*", "GEMINI_*", "KILO_*"],
  ...["GOOGLE_GEMINI_*", "GOOGLE_GENAI_*"],
  ...["OPENAI_*", "OPENCODE_*", "QWEN_*"],
];

/** How long an agent may take to go once its input is closed, in milliseconds. */
const leaveMs = 1_000;

interface Timing {
  readonly patienceMs: number;
}

/** Drives any agent that speaks the Agent Client Protocol; the user's config names its command. */
export default function acp(host: RunnerHost, timing: Timing = { patienceMs: 30_000 }): Runner {
  const program = host.command;
  return {
    name: "acp",
    traits: { parallel: true, isolation: "clone", environment },
    async probe(signal) {
      if (program !== null) return probeVersion(host, program, configure, signal);
      return { ok: false, message: "no command of an agent is set for `acp`", fix: configure };
    },
    async run(job) {
      if (program === null) throw new Error(configure);
      return run(job, program, timing);
    },
  };
}

async function run(
  job: Job,
  program: readonly [string, ...string[]],
  { patienceMs }: Timing,
): Promise<Exit> {
  const story = newStory();
  const patience = startPatience(patienceMs, () => tellAnswer(job, story));
  const leave = new AbortController();
  const person = askedPerson(job, patience);
  const line = openTalk<AnyMessage>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const ended = job.start({
      argv: program,
      stdin: line.stdin,
      // Kilo and OpenCode ask nobody before they edit.
      env: { TMPDIR: job.scratch, ...stepRules(job, "KILO_PERMISSION", "OPENCODE_PERMISSION") },
      onStdout: (text) => line.hear(text),
      onStderr(text) {
        if (text.trim() !== "") story.lastError = text;
        // An agent that waits for a person waits for no limit.
        if (soundsLimited(text) && !person.isAsked) patience.refused(text);
      },
      stop: AbortSignal.any([patience.signal, leave.signal]),
    });
    const end = ended.finally(() => line.close());
    const talk = converse(person.job, line.stream, story, patience).finally(async () => {
      await line.hangUp();
      timer = setTimeout(() => leave.abort(), leaveMs);
    });
    const [talked] = await Promise.allSettled([talk, end]);
    return {
      ...conclude(story, talked, await end, patience.refusal(), program[0]),
      account: accountOf(story),
    };
  } finally {
    clearTimeout(timer);
    patience.end();
  }
}

/** The job, with a look at whether its agent waits for a person. */
function askedPerson(
  job: Job,
  patience: Patience,
): { readonly job: Job; readonly isAsked: boolean } {
  let open = 0;
  const ask: Job["ask"] = async (question) => {
    patience.progressed();
    open += 1;
    try {
      return await job.ask(question);
    } finally {
      open -= 1;
    }
  };
  return {
    job: { ...job, ask },
    get isAsked() {
      return open > 0;
    },
  };
}

/** One session with one prompt, from the greeting to the end of the turn. */
async function converse(job: Job, stream: Stream, story: Story, patience: Patience) {
  const connection = client({ name: "ra" })
    .onRequest(methods.client.session.requestPermission, ({ params }) => permit(job, params))
    .onRequest(methods.client.elicitation.create, ({ params }) => fillIn(job, params))
    .onNotification(methods.client.session.update, ({ params }) => {
      if (readUpdate(story, params)) patience.progressed();
    })
    .connect(stream);
  const { agent } = connection;
  const greeting = await agent.request(methods.agent.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    // Its own tools read and write: a workspace is a plain directory.
    clientCapabilities: {
      ...{ fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      elicitation: { form: {} },
    },
  });
  const session = await agent.request(methods.agent.session.new, { cwd: job.cwd, mcpServers: [] });
  story.session = session.sessionId;
  await choose(agent, session, job);
  const answer = await agent.request(methods.agent.session.prompt, {
    sessionId: session.sessionId,
    prompt: [{ type: "text", text: job.prompt }],
  });
  story.isDone = answer.stopReason === "end_turn";
  if (answer.stopReason === "refusal") {
    story.refusal = { status: null, text: "content filter: the model refused" };
  } else if (!story.isDone) {
    story.refusal = { status: null, text: `it stopped: ${answer.stopReason}` };
  }
  // These two tell only what their last turn took: a number too low is worse than none.
  if (!/^(kilo|opencode)/i.test(greeting.agentInfo?.name ?? "")) readUsage(story, answer);
}

/** Names by which agents call the mode in which they ask nobody, the best first, and that in which they ask before they edit. */
const freeModes = [/yolo/i, /bypass/i, /full.?access/i, /^auto$/i];
const askingModes = [/^default$/i, /^auto$/i];

/** Picks the model, and the mode in which nobody is asked, or all where a scope is to be kept to, as far as the agent offers them. */
async function choose(agent: ClientContext, session: NewSessionResponse, { model, scope }: Job) {
  const { sessionId, modes, configOptions } = session;
  const wanted = scope === null ? freeModes : askingModes;
  const mode = firstOf(modes?.availableModes.map(({ id }) => id) ?? [], wanted);
  if (mode !== null) {
    await agent.request(methods.agent.session.setMode, { sessionId, modeId: mode });
  }
  const offered = (session as { models?: { availableModels?: { modelId?: string }[] } }).models;
  if (offered?.availableModels?.some(({ modelId }) => modelId === model)) {
    // Older agents choose a model by this; it did not get into the first version of the protocol.
    await agent.request("session/set_model", { sessionId, modelId: model });
  }
  for (const option of configOptions ?? []) {
    const values = valuesOf(option);
    const value =
      option.category === "model"
        ? (values.find((each) => each === model) ?? null)
        : option.category === "mode" && mode === null
          ? firstOf(values, wanted)
          : null;
    if (value === null) continue;
    await agent.request(methods.agent.session.setConfigOption, {
      sessionId,
      configId: option.id,
      value,
    });
  }
}

function valuesOf(option: SessionConfigOption): readonly string[] {
  if (option.type !== "select") return [];
  return option.options.flatMap((each) =>
    "options" in each ? each.options.map(({ value }) => value) : [each.value],
  );
}

function firstOf(names: readonly string[], patterns: readonly RegExp[]): string | null {
  for (const pattern of patterns) {
    const found = names.find((name) => pattern.test(name));
    if (found !== undefined) return found;
  }
  return null;
}

/** Reads one update; true when it tells that the agent goes on. */
function readUpdate(story: Story, { update }: SessionNotification): boolean {
  switch (update.sessionUpdate) {
    case "agent_message_chunk":
      if (update.content.type === "text") story.lastMessage += update.content.text;
      return true;
    case "tool_call":
      story.toolCalls += 1;
      story.lastMessage = "";
      readEdits(story, update);
      return true;
    case "tool_call_update":
      readEdits(story, update);
      return true;
    case "usage_update":
      if (update.cost) story.usage = usageOf(story, { costUsd: update.cost.amount });
      return false;
    default:
      return update.sessionUpdate === "agent_thought_chunk";
  }
}

/** Some agents show a diff, some only where they edit. */
function readEdits(story: Story, { kind, content, locations }: ToolCallUpdate): void {
  for (const each of content ?? []) if (each.type === "diff") story.edits.add(each.path);
  if (kind !== "edit" && kind !== "delete" && kind !== "move") return;
  for (const { path } of locations ?? []) story.edits.add(path);
}

function usageOf(story: Story, more: Partial<NonNullable<Story["usage"]>>): Story["usage"] {
  return { inputTokens: null, outputTokens: null, costUsd: null, ...story.usage, ...more };
}

/** Where agents tell of tokens: `usage` as a field that the protocol does not have yet, and Gemini CLI in `_meta`. */
function readUsage(story: Story, answer: object): void {
  const { usage, _meta } = answer as {
    usage?: { inputTokens?: number; outputTokens?: number; cachedReadTokens?: number | null };
    _meta?: { quota?: { token_count?: { input_tokens?: number; output_tokens?: number } } } | null;
  };
  const counted = _meta?.quota?.token_count;
  if (usage !== undefined) {
    story.usage = usageOf(story, {
      inputTokens: (usage.inputTokens ?? 0) + (usage.cachedReadTokens ?? 0),
      outputTokens: usage.outputTokens ?? null,
    });
  } else if (counted !== undefined) {
    story.usage = usageOf(story, {
      inputTokens: counted.input_tokens ?? null,
      outputTokens: counted.output_tokens ?? null,
    });
  }
}

function conclude(
  story: Story,
  talked: PromiseSettledResult<void>,
  end: ProgramExit,
  waited: string | null,
  name: string,
): Exit {
  const { usage, refusal } = story;
  if (refusal !== null) return refusedExit(refusal, { usage, fix: login });
  // How the program goes once its turn is over says nothing of the turn.
  if (story.isDone) return { ok: true, message: "", usage };
  if (waited !== null) return waitingExit(waited, { usage, fix: login });
  if (talked.status === "rejected" && talked.reason instanceof RequestError) {
    const { code, message, data } = talked.reason;
    // Of its own the protocol has negative codes; one in this range is what the provider answered.
    const status = code === -32000 ? 401 : code >= 400 && code < 600 ? code : null;
    return refusedExit({ status, text: `${message}${detailsIn(data)}` }, { usage, fix: login });
  }
  return brokenOff(name, story, end);
}

function detailsIn(data: unknown): string {
  const details = (data as { details?: unknown } | null | undefined)?.details;
  return typeof details === "string" ? `: ${details}` : "";
}
