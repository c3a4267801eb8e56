import {
  type ClientContext,
  client,
  type InitializeResponse,
  methods,
  PROTOCOL_VERSION,
  RequestError,
  type Stream,
} from "@agentclientprotocol/sdk";
import {
  fillIn,
  type Job,
  oneLine,
  type Patience,
  permit,
  type Story,
  sessionTeller,
} from "../../core/plugin/index.ts";
import { choose, type Opened } from "./choice.ts";
import { wordsOf } from "./refusal.ts";
import { readUpdate, readUsage } from "./updates.ts";

/** One session with one prompt, from the greeting to the end of the turn. */
export async function converse(
  job: Job,
  stream: Stream,
  story: Story,
  patience: Patience,
): Promise<void> {
  let tell: (() => void) | null = null;
  let spentBefore = 0;
  const connection = client({ name: "ra" })
    .onRequest(methods.client.session.requestPermission, ({ params }) => permit(job, params))
    .onRequest(methods.client.elicitation.create, ({ params }) => fillIn(job, params))
    .onNotification(methods.client.session.update, ({ params }) => {
      // Before its prompt, an agent that takes a session up tells all of it again.
      if (tell === null) return;
      if (readUpdate(story, params, spentBefore)) patience.progressed();
      tell();
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
  const { session, prompt, anew } = await open(agent, job, greeting);
  story.session = session.sessionId;
  if (session.sessionId === job.continues?.session) spentBefore = job.continues.used.costUsd ?? 0;
  await choose(agent, session, job);
  tell = sessionTeller(job, story, anew);
  const answer = await agent.request(methods.agent.session.prompt, {
    sessionId: session.sessionId,
    prompt: [{ type: "text", text: prompt }],
  });
  story.isDone = answer.stopReason === "end_turn";
  if (answer.stopReason === "refusal") {
    story.refusal = { status: null, text: "content filter: the model refused" };
  } else if (!story.isDone) {
    story.refusal = { status: null, text: `it stopped: ${answer.stopReason}` };
  }
  // These two tell only what their last turn took: a number too low is worse than none.
  if (!/^(kilo|opencode)/i.test(greeting.agentInfo?.name ?? "")) readUsage(story, answer);
  tell();
}

/** The session to talk in, and what to say in it. `anew`: why it is not the one that was to be gone on with. */
interface Opening {
  readonly session: Opened;
  readonly prompt: string;
  readonly anew?: string;
}

async function open(
  agent: ClientContext,
  job: Job,
  greeting: InitializeResponse,
): Promise<Opening> {
  const taken = await takeUp(agent, job, greeting);
  if (taken !== null && "session" in taken) return taken;
  const session = await agent.request(methods.agent.session.new, { cwd: job.cwd, mcpServers: [] });
  return { session, prompt: job.prompt, ...taken };
}

/** The session of an earlier attempt, or why the agent does not take it up; null when there is none. */
async function takeUp(
  agent: ClientContext,
  { continues, cwd }: Job,
  { agentCapabilities }: InitializeResponse,
): Promise<Opening | { readonly anew: string } | null> {
  if (continues === null) return null;
  const { session: sessionId, prompt } = continues;
  const resumes = agentCapabilities?.sessionCapabilities?.resume;
  const method = resumes
    ? methods.agent.session.resume
    : agentCapabilities?.loadSession
      ? methods.agent.session.load
      : null;
  if (method === null) return { anew: "the agent does not take up sessions" };
  try {
    const opened = await agent.request<Partial<Opened> | null>(method, {
      sessionId,
      cwd,
      mcpServers: [],
    });
    return { session: { ...opened, sessionId }, prompt };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { anew: oneLine(`the agent did not take it up: ${wordsOf(error)}`) };
  }
}
