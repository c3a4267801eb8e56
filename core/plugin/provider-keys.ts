import type { RunnerTraits } from "./runner.ts";

/**
 * Providers of Kilo 7.7.7, which are those of OpenCode, whose key stands in `<PROVIDER>_API_KEY`, and the variables of the others. Those of GitHub and GitLab
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

/** The variables of the providers whose keys pass when no model is named, so that only the agent knows which one it will ask. */
export const usualKeys: readonly string[] = usual.flatMap((id) => variables.get(id) ?? []);

/**
 * What an agent with Kilo's providers gets: its own variables (`own`), and for a model, `provider/name`, the keys of that
 * provider alone.
 */
export function providerEnvironment(
  own: string,
): Required<Pick<RunnerTraits, "environment" | "environmentFor">> {
  const perProvider = new Map<string, readonly string[]>();
  return {
    environment: [own, ...usualKeys],
    environmentFor(model) {
      const provider = model.split("/")[0] ?? "";
      const known = perProvider.get(provider) ?? [own, ...(variables.get(provider) ?? [])];
      perProvider.set(provider, known);
      return known;
    },
  };
}
