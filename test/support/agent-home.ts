import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A person's home in which every real agent is set up to talk to a model of the test's own. */
export interface AgentHome {
  /** On top of `PATH`. */
  readonly env: Readonly<Record<string, string>>;
}

/** The model by its name in each agent. */
export const agentModels = {
  kilo: "fake/m1",
  opencode: "fake/m1",
  gemini: "gemini-2.5-pro",
  claude: "claude-sonnet-4-5",
  codex: "fake-model",
  acp: "gemini-2.5-pro",
} as const;

/** Sets such a home up in a directory. `kiloLogin`: Kilo's provider and key come from its files, not from the environment. */
export function makeAgentHome(
  place: string,
  url: string,
  options: { readonly kiloLogin?: string | undefined } = {},
): AgentHome {
  const home = join(place, "home");
  const tmp = join(place, "tmp");
  for (const path of [join(home, ".config"), tmp]) mkdirSync(path, { recursive: true });
  writeJson(join(home, ".gemini", "settings.json"), geminiSettings);
  write(join(home, ".codex", "config.toml"), codexConfig(url));
  const env: Record<string, string> = {
    HOME: home,
    TMPDIR: tmp,
    ...Object.fromEntries(
      Object.entries(xdg).map(([name, path]) => [`XDG_${name}_HOME`, join(home, path)]),
    ),
    ANTHROPIC_API_KEY: "dummy",
    ANTHROPIC_BASE_URL: url,
    OPENAI_API_KEY: "dummy",
    GEMINI_API_KEY: "dummy",
    GOOGLE_GEMINI_BASE_URL: url,
    OPENCODE_CONFIG_CONTENT: JSON.stringify(stepConfig(url, { apiKey: "dummy" })),
    ...Object.fromEntries(
      ["KILO", "OPENCODE"].flatMap((own) => [
        [`${own}_DISABLE_MODELS_FETCH`, "1"],
        [`${own}_DISABLE_DEFAULT_PLUGINS`, "1"],
      ]),
    ),
  };
  if (options.kiloLogin === undefined) {
    env.KILO_CONFIG_CONTENT = JSON.stringify(stepConfig(url, { apiKey: "dummy" }));
  } else {
    const auth = { fake: { type: "api", key: options.kiloLogin } };
    writeJson(join(home, xdg.CONFIG, "kilo", "kilo.json"), stepConfig(url, {}));
    writeJson(join(home, xdg.DATA, "kilo", "auth.json"), auth);
  }
  return { env };
}

const xdg = { CONFIG: ".config", DATA: ".local/share", STATE: ".local/state", CACHE: ".cache" };

const geminiSettings = {
  general: { enableAutoUpdate: false },
  privacy: { usageStatisticsEnabled: false },
  security: { auth: { selectedType: "gemini-api-key" } },
};

function codexConfig(url: string): string {
  return `model_provider = "fake"
[model_providers.fake]
name = "fake"
base_url = "${url}/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
`;
}

/** What Kilo and OpenCode, which it comes from, read as their config. */
function stepConfig(url: string, key: { readonly apiKey?: string }): object {
  const cost = { input: 3, output: 15 };
  const limit = { context: 128_000, output: 8000 };
  return {
    autoupdate: false,
    share: "disabled",
    snapshot: false,
    enabled_providers: ["fake"],
    provider: {
      fake: {
        npm: "@ai-sdk/openai-compatible",
        name: "fake",
        options: { baseURL: `${url}/v1`, ...key },
        models: { m1: { name: "m1", limit, cost } },
      },
    },
  };
}

function writeJson(path: string, value: object): void {
  write(path, JSON.stringify(value));
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
