import { type AnyMessage, RequestError } from "@agentclientprotocol/sdk";
import {
  accountOf,
  brokenOff,
  type Exit,
  type Job,
  messageMax,
  newStory,
  openTalk,
  overlong,
  type Patience,
  type ProgramExit,
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
import { converse } from "./acp/conversation.ts";
import { wordsOf } from "./acp/refusal.ts";

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
    traits: { parallel: true, isolation: "clone", continues: true, environment },
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
  let isOverlong = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const ended = job.start({
      argv: program,
      stdin: line.stdin,
      // Kilo and OpenCode ask nobody before they edit.
      env: { TMPDIR: job.scratch, ...stepRules(job, "KILO_PERMISSION", "OPENCODE_PERMISSION") },
      lineMax: messageMax,
      onStdout(text, isWhole) {
        if (isWhole) return line.hear(text);
        // What it wanted nobody knows, and it may wait for the answer for ever.
        isOverlong = true;
        leave.abort();
      },
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
    if (isOverlong) return { ...failed(story), account: accountOf(story) };
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

function failed({ usage }: Story): Exit {
  return { ok: false, message: `${overlong}, which is lost`, usage, failure: "other" };
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
    const { code } = talked.reason;
    // Of its own the protocol has negative codes; one in this range is what the provider answered.
    const status = code === -32000 ? 401 : code >= 400 && code < 600 ? code : null;
    return refusedExit({ status, text: wordsOf(talked.reason) }, { usage, fix: login });
  }
  return brokenOff(name, story, end);
}
