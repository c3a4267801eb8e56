import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunnerHost } from "../../core/plugin/index.ts";
import { listProcesses, marksOf } from "../../core/process/table.ts";
import { capture } from "../../core/process.ts";
import gemini from "../../plugins/runner-gemini.ts";
import kilo from "../../plugins/runner-kilo.ts";
import { agentPrograms, testWith } from "../support/agents.ts";
import { onTestEnd, temporaryDirectory } from "../support/leftovers.ts";
import { type ModelServer, startModelServer } from "../support/model-server.ts";
import { type Trial, tryRunner } from "./job.ts";

/** Kilo alone takes half a minute beside other work. */
const deadlineMs = 600_000;

interface Agent {
  readonly name: "kilo" | "gemini";
  try(prompt: string): Trial & { readonly model: ModelServer };
}

const kiloAgent: Agent = {
  name: "kilo",
  try(prompt) {
    const { model, home } = world();
    const provider = {
      npm: "@ai-sdk/openai-compatible",
      name: "fake",
      options: { baseURL: `${model.url}/v1`, apiKey: "dummy" },
      models: {
        m1: {
          name: "m1",
          limit: { context: 128000, output: 8000 },
          cost: { input: 3, output: 15 },
        },
      },
    };
    const env = {
      HOME: home,
      ...xdg(home),
      KILO_CONFIG_CONTENT: JSON.stringify({
        snapshot: false,
        enabled_providers: ["fake"],
        provider: { fake: provider },
      }),
      KILO_DISABLE_MODELS_FETCH: "1",
      KILO_DISABLE_DEFAULT_PLUGINS: "1",
    };
    const trial = tryRunner(kilo(hostFor("kilo")), { prompt, model: "fake/m1", env });
    return { ...trial, model };
  },
};

const geminiAgent: Agent = {
  name: "gemini",
  try(prompt) {
    const { model, home } = world();
    mkdirSync(join(home, ".gemini"));
    const settings = {
      general: { enableAutoUpdate: false },
      privacy: { usageStatisticsEnabled: false },
      security: { auth: { selectedType: "gemini-api-key" } },
    };
    writeFileSync(join(home, ".gemini/settings.json"), JSON.stringify(settings));
    const env = {
      HOME: home,
      GEMINI_CLI_HOME: home,
      GEMINI_API_KEY: "dummy",
      GOOGLE_GEMINI_BASE_URL: model.url,
    };
    const trial = tryRunner(gemini(hostFor("gemini")), { prompt, model: "gemini-2.5-pro", env });
    return { ...trial, model };
  },
};

for (const agent of [geminiAgent, kiloAgent]) {
  const real = testWith(agent.name);

  real(
    `${agent.name} writes files, waits out a short limit and reports what it used`,
    async () => {
      const prompt = [
        'Say "hello" (twice).',
        "@@error 429 retry-after=1 times=1",
        "@@write src/b.txt <<hello\\nworld\\n>>",
        "@@shell echo 42 > c.txt",
        "@@say all done",
      ].join("\n");
      const trial = agent.try(prompt);

      const exit = await trial.exit;

      expect(exit).toMatchObject({ ok: true, message: "" });
      expect(exit.usage).toMatchObject({ inputTokens: 3000, outputTokens: 150 });
      expect(readFileSync(join(trial.cwd, "src/b.txt"), "utf8")).toBe("hello\nworld\n");
      expect(readFileSync(join(trial.cwd, "c.txt"), "utf8")).toBe("42\n");
      expect(trial.model.requests.some((request) => request.prompt.includes(prompt))).toBe(true);
    },
    deadlineMs,
  );

  real(
    `${agent.name} tells that its key was refused`,
    async () => {
      const exit = await agent.try("Do it.\n@@error 401").exit;

      expect(exit).toMatchObject({ ok: false, message: "status 401: Invalid API key" });
      expect(exit.auth?.fix).toContain(agent.name);
    },
    deadlineMs,
  );

  real(
    `${agent.name} leaves no process when it is ended inside a tool`,
    async () => {
      const ready = join(temporaryDirectory(), "ready");
      const line = `sh -c 'trap "" TERM; setsid sleep 340 & touch ${ready}; sleep 341; sleep 342'`;
      const trial = agent.try(`Do it.\n@@shell ${line}`);
      while (!existsSync(ready)) await Bun.sleep(20);

      const survivors = await trial.cancel(500);
      const exit = await trial.exit;

      expect(survivors).toEqual([]);
      expect(exit.ok).toBe(false);
      const left = (listProcesses() ?? []).filter((row) => marksOf(row.pid).includes(trial.mark));
      expect(left).toEqual([]);
    },
    deadlineMs,
  );

  real(
    `${agent.name} is found with its version`,
    async () => {
      const make = agent.name === "kilo" ? kilo : gemini;

      const probe = await make(hostFor(agent.name)).probe(new AbortController().signal);

      expect(probe).toMatchObject({ ok: true, version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    },
    deadlineMs,
  );
}

/** A model and a home of the test's own. */
function world(): { readonly model: ModelServer; readonly home: string } {
  const model = startModelServer();
  onTestEnd(() => model.stop());
  return { model, home: temporaryDirectory("home") };
}

function xdg(home: string): Record<string, string> {
  return Object.fromEntries(
    ["CONFIG", "DATA", "STATE", "CACHE"].map((kind) => [`XDG_${kind}_HOME`, join(home, kind)]),
  );
}

function hostFor(name: string): RunnerHost {
  const home = temporaryDirectory("home");
  return {
    command: [join(agentPrograms, name)],
    async query(argv) {
      const env = { PATH: process.env.PATH ?? "", HOME: home, ...xdg(home) };
      const { code, stdout } = await capture(argv, { cwd: home, env });
      return code === 0 ? stdout : null;
    },
  };
}
