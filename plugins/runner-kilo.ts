import { join } from "node:path";
import {
  type Exit,
  type Job,
  jsonLine,
  oneLine,
  type ProgramExit,
  probeVersion,
  type Refusal,
  type Runner,
  type RunnerHost,
  refusedExit,
  soundsLimited,
  startPatience,
  type Usage,
} from "../core/plugin/index.ts";

const login = "kilo auth login";
const install = "npm install -g @kilocode/cli@7.7.7";

/** Nobody looks at these while Kilo runs in a task: updates, sharing, telemetry, downloads of its own. */
const quiet = {
  KILO_DISABLE_AUTOUPDATE: "1",
  KILO_DISABLE_SHARE: "1",
  KILO_DISABLE_SESSION_INGEST: "1",
  KILO_TELEMETRY_LEVEL: "off",
  KILO_DISABLE_CODEBASE_INDEXING: "1",
  KILO_DISABLE_LSP_DOWNLOAD: "1",
  KILO_DISABLE_TERMINAL_TITLE: "1",
} as const;

/**
 * Providers of Kilo 7.7.7 whose key stands in `<PROVIDER>_API_KEY`, and the variables of the others. Those of GitHub and GitLab
 * are left out: their tokens open far more than a model.
 */
const regular = `
  302ai abacus above agentrouter agnes ai-router ai21 aiand aihubmix ainetcafe aixy aki-io
  alibaba-coding-plan alibaba-token-plan ambient amd anthropic anyapi arcee atomic-chat auriko
  baseten berget blueclaw bothub cerebras chutes claudinio cloudferro-sherlock cohere cortecs
  crof crossmodel crusoe daoxe deepinfra deepseek dinference drun ebcloud echo edenai
  empiriolabs evroc fastrouter freemodel frogbot gmicloud greenpt groq helicone hetzner hpc-ai
  hyper impossibl inception inceptron inco infer inference inferx iteracompute jalapeno jiekou
  kenari kilo klokintegration kosmik lilac llama llmgateway llmtech llmtr lmstudio longcat
  lucidquery lynkr meganova melious merge-gateway minimax mistral mixlayer moark modelis
  modelscope morph nan nano-gpt nearai nebius neosmith neuralwatt nova nvidia ofox openai
  opencode openreason openrouter opper orcarouter ovhcloud pendra perplexity pioneer poe
  poolside qvac requesty routing-run sakana salad-cloud sarvam scaleway sensenova siliconflow
  siliconflow-cn stackit standardcompute stepfun subconscious synthetic tempr
  tencent-coding-plan tencent-token-plan tencent-tokenhub tensorx tinfoil tokengo tokenrouter
  trustedrouter umans-ai umans-ai-coding-plan unorouter upstage v0 vancine venice vivgrid vultr
  wallaby wandb xai xiaomi xpersona zeldoc zenmux
`;
const irregular = `
  abliteration-ai ABLIT_KEY; alibaba DASHSCOPE_API_KEY; alibaba-cn DASHSCOPE_API_KEY;
  alibaba-coding-plan-cn ALIBABA_CODING_PLAN_API_KEY; alibaba-token-plan-cn
  ALIBABA_TOKEN_PLAN_API_KEY; amazon-bedrock AWS_*; azure AZURE_*; azure-cognitive-services
  AZURE_*; bailing BAILING_API_TOKEN; clarifai CLARIFAI_PAT; cline-pass CLINE_API_KEY;
  cloudflare-ai-gateway CLOUDFLARE_API_TOKEN CLOUDFLARE_ACCOUNT_ID CLOUDFLARE_GATEWAY_ID
  CF_AIG_TOKEN; cloudflare-workers-ai CLOUDFLARE_ACCOUNT_ID CLOUDFLARE_API_KEY; coralbricks
  CORAL_API_KEY; databricks DATABRICKS_HOST DATABRICKS_TOKEN; digitalocean
  DIGITALOCEAN_ACCESS_TOKEN; fireworks-ai FIREWORKS_API_KEY; friendli FRIENDLI_TOKEN; google
  GOOGLE_API_KEY GOOGLE_GENERATIVE_AI_API_KEY GEMINI_API_KEY; google-vertex GOOGLE_*
  VERTEX_LOCATION GCLOUD_PROJECT CLOUDSDK_CONFIG; google-vertex-anthropic GOOGLE_*
  VERTEX_LOCATION GCLOUD_PROJECT CLOUDSDK_CONFIG; huggingface HF_TOKEN; iflowcn IFLOW_API_KEY;
  infomaniak INFOMANIAK_API_KEY INFOMANIAK_PRODUCT_ID; io-net IOINTELLIGENCE_API_KEY;
  kimi-code-plan-cn KIMI_API_KEY; kimi-code-plan-global KIMI_API_KEY; kuae-cloud-coding-plan
  KUAE_API_KEY; llmgateway-providers LLMGATEWAY_API_KEY; meta META_MODEL_API_KEY; minimax-cn
  MINIMAX_API_KEY; minimax-cn-coding-plan MINIMAX_API_KEY; minimax-coding-plan MINIMAX_API_KEY;
  modal MODAL_PROXY_TOKEN; model-oracle-ai MODEL_ORACLE_API_KEY; moonshotai MOONSHOT_API_KEY;
  moonshotai-cn MOONSHOT_API_KEY; neon NEON_AI_GATEWAY_BASE_URL NEON_AI_GATEWAY_TOKEN; novita-ai
  NOVITA_API_KEY; oci OCI_GENAI_API_KEY; ollama-cloud OLLAMA_API_KEY; opencode-go
  OPENCODE_API_KEY; perplexity-agent PERPLEXITY_API_KEY; privatemode-ai PRIVATEMODE_API_KEY
  PRIVATEMODE_ENDPOINT; qihang-ai QIHANG_API_KEY; qiniu-ai QINIU_API_KEY; regolo-ai
  REGOLO_API_KEY; runinfra RUNINFRA_GATEWAY_KEY; sap-ai-core AICORE_*; scnet-token-plan
  SCNET_API_KEY; scx-ai SCX_API_KEY; snowflake-cortex SNOWFLAKE_ACCOUNT SNOWFLAKE_CORTEX_*;
  stepfun-ai STEPFUN_API_KEY; stepfun-ai-step-plan STEPFUN_API_KEY; stepfun-step-plan
  STEPFUN_API_KEY; submodel SUBMODEL_INSTAGEN_ACCESS_KEY; the-grid-ai THEGRID_API_KEY;
  thinkingmachines TINKER_API_KEY; togetherai TOGETHER_API_KEY; vercel AI_GATEWAY_API_KEY;
  vispark VISPARK_LAB_API_KEY; volcengine ARK_API_KEY; volcengine-coding-plan
  ARK_CODING_PLAN_API_KEY; watsonx WATSONX_AI_APIKEY WATSONX_AI_PROJECT_ID;
  xiaomi-token-plan-ams XIAOMI_API_KEY; xiaomi-token-plan-cn XIAOMI_API_KEY;
  xiaomi-token-plan-sgp XIAOMI_API_KEY; zai ZHIPU_API_KEY; zai-coding-plan ZHIPU_API_KEY;
  zenifra ZENIFRA_AI_KEY; zhipuai ZHIPU_API_KEY; zhipuai-coding-plan ZHIPU_API_KEY
`;

const variables: ReadonlyMap<string, readonly string[]> = new Map(
  [
    ...regular
      .trim()
      .split(/\s+/)
      .map((id) => `${id} ${id.toUpperCase().replaceAll("-", "_")}_API_KEY`),
    ...irregular.split(";"),
  ].map((line) => {
    const [id = "", ...names] = line.trim().split(/\s+/);
    return [id, names] as const;
  }),
);

/** Providers whose keys pass when no model is named, so that only Kilo knows which one it will ask. */
const usual = [
  ...["anthropic", "openai", "openrouter", "google", "groq", "mistral", "deepseek", "xai"],
  ...["cerebras", "togetherai", "fireworks-ai", "deepinfra", "moonshotai", "minimax", "zai"],
  ...["alibaba", "vercel", "opencode", "requesty", "ollama-cloud"],
];

const own = "KILO_*";
const withoutModel = [own, ...usual.flatMap((id) => variables.get(id) ?? [])];
const perProvider = new Map<string, readonly string[]>();

/** What Kilo needs for a model, `provider/name`: its own settings, and the keys of that provider alone. */
function environmentFor(model: string): readonly string[] {
  const provider = model.split("/")[0] ?? "";
  const known = perProvider.get(provider) ?? [own, ...(variables.get(provider) ?? [])];
  perProvider.set(provider, known);
  return known;
}

/**
 * Drives Kilo Code (`kilo run`). Kilo waits out a refusal in silence, an hour when the provider says so: after
 * `patienceMs` without progress it is stopped and the attempt counts as limited.
 */
export default function kilo(host: RunnerHost, timing = { patienceMs: 30_000 }): Runner {
  const program = host.command ?? (["kilo"] as const);
  return {
    name: "kilo",
    traits: {
      parallel: true,
      isolation: "clone",
      environment: withoutModel,
      environmentFor,
    },
    probe: (signal) => probeVersion(host, program, install, signal),
    run: (job) => run(job, program, timing.patienceMs),
  };
}

async function run(
  job: Job,
  program: readonly [string, ...string[]],
  patienceMs: number,
): Promise<Exit> {
  const story = newStory();
  const patience = startPatience(patienceMs);
  const model = job.model === null ? [] : ["-m", job.model];
  try {
    const end = await job.start({
      argv: [
        ...program,
        ...["run", "--auto", "--format", "json", ...model],
        ...["--print-logs", "--log-level", "ERROR"],
      ],
      // As an argument the prompt would be quoted a second time by Kilo.
      stdin: job.prompt,
      env: {
        ...quiet,
        TMPDIR: job.scratch,
        // Of four that start together on one new database one in nine dies; the login stands elsewhere.
        KILO_DB: join(job.scratch, "kilo.db"),
      },
      onStdout(line) {
        const event = jsonLine(line);
        if (event === null) return;
        patience.progressed();
        read(story, event);
      },
      onStderr(line) {
        if (line.trim() !== "") story.lastError = line;
        const text = /error\.error="((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
        if (text !== undefined && soundsLimited(text)) patience.refused(text);
      },
      stop: patience.signal,
    });
    return conclude(story, end, patience.refusal());
  } finally {
    patience.end();
  }
}

/** What the stream told so far. */
interface Story {
  usage: Usage | null;
  /** Why the last turn of the model ended; `stop` is the only good end. */
  reason: string | null;
  refusal: Refusal | null;
  lastError: string;
}

function newStory(): Story {
  return { usage: null, reason: null, refusal: null, lastError: "" };
}

interface KiloEvent {
  readonly type?: string;
  readonly part?: {
    readonly reason?: string;
    readonly cost?: number;
    readonly tokens?: {
      readonly input?: number;
      readonly output?: number;
      readonly reasoning?: number;
      readonly cache?: { readonly read?: number; readonly write?: number };
    };
  };
  readonly error?: unknown;
}

function read(story: Story, line: Readonly<Record<string, unknown>>): void {
  const { type, part, error } = line as KiloEvent;
  if (type === "error") story.refusal = refusalOf(error);
  if (part === undefined || part === null) return;
  if (type === "step_start") story.reason = null;
  if (type === "step_finish") {
    story.reason = part.reason ?? null;
    story.usage = add(story.usage, part);
  }
}

/** Kilo's `input` leaves cached tokens out; here they are counted as input, as everywhere else. */
function add(before: Usage | null, part: NonNullable<KiloEvent["part"]>): Usage {
  const tokens = part.tokens ?? {};
  const input = (tokens.input ?? 0) + (tokens.cache?.read ?? 0) + (tokens.cache?.write ?? 0);
  const output = (tokens.output ?? 0) + (tokens.reasoning ?? 0);
  return {
    inputTokens: (before?.inputTokens ?? 0) + input,
    outputTokens: (before?.outputTokens ?? 0) + output,
    costUsd: (before?.costUsd ?? 0) + (part.cost ?? 0),
  };
}

function refusalOf(error: unknown): Refusal {
  if (typeof error === "string") return { status: null, text: error };
  const { name, data } = (error ?? {}) as {
    name?: string;
    data?: { message?: string; statusCode?: number; responseHeaders?: Record<string, string> };
  };
  return {
    status: data?.statusCode ?? null,
    text: data?.message ?? name ?? "unknown error",
    ...(data?.responseHeaders ? { headers: data.responseHeaders } : {}),
  };
}

function conclude(story: Story, end: ProgramExit, waited: string | null): Exit {
  const { usage, refusal } = story;
  if (refusal !== null) return refusedExit(refusal, { usage, fix: login });
  if (story.reason === "stop" && end.code === 0) return { ok: true, message: "", usage };
  if (waited !== null) {
    const exit = refusedExit({ status: null, text: waited }, { usage, fix: login });
    return { ...exit, message: `waits for the provider: ${exit.message}` };
  }
  const how = end.signal === null ? `exit ${end.code}` : `signal ${end.signal}`;
  const said = oneLine(story.lastError);
  const message = `kilo broke off with ${how}${said === "" ? "" : `: ${said}`}`;
  return { ok: false, message, usage, crashed: true };
}
