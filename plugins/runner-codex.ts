import {
  driveStream,
  type Job,
  outsideOf,
  probeVersion,
  type Refusal,
  type Runner,
  type RunnerHost,
  type Story,
  soundsLimited,
  type Usage,
  type Waiting,
} from "../core/plugin/index.ts";

const login = "codex login";
const install = "npm install -g @openai/codex@0.169.0";

/** Drives Codex (`codex exec`). It may wait out a refusal for an hour; after `patienceMs` without progress it is stopped. */
export default function codex(host: RunnerHost, timing = { patienceMs: 30_000 }): Runner {
  const program = host.command ?? (["codex"] as const);
  return {
    name: "codex",
    traits: {
      parallel: true,
      isolation: "clone",
      continues: true,
      environment: ["CODEX_*", "OPENAI_*", "AZURE_OPENAI_*"],
    },
    probe: (signal) => probeVersion(host, program, install, signal),
    loggedIn: async (signal) =>
      (await host.query([...program, "login", "status"], signal)) !== null,
    async run(job) {
      const outside = job.scope === null ? [] : outsideOf(job.cwd, job.scope);
      const profile = profileWithout(outside);
      const isBound =
        outside.length > 0 && (await sandboxStarts(host, [...program, "sandbox"], profile, job));
      const rights = isBound ? [...profile, "-c", 'approval_policy="never"'] : everything;
      return driveStream(job, {
        name: "codex",
        argv: (session) => [
          ...program,
          // Core commits, and a task may have no repository at all.
          ...["exec", "--json", "--skip-git-repo-check"],
          ...(job.model === null ? [] : ["-m", job.model]),
          ...["-c", "analytics.enabled=false", "-c", "check_for_update_on_startup=false"],
          ...rights,
          ...(session === null ? [] : ["resume", session]),
          "-",
        ],
        env: {},
        login,
        patienceMs: timing.patienceMs,
        reader: (continues) => ({ read: (story, event) => read(story, event, continues?.used) }),
      });
    },
  };
}

/** Its own modes of a sandbox have no network and keep a workspace's git from it. */
const everything = ["--dangerously-bypass-approvals-and-sandbox"];

/** A sandbox for its tools and for commands that leaves everything but some paths, which are to be read alone. */
function profileWithout(paths: readonly string[]): readonly string[] {
  const rules = [[":root", "write"], ...paths.map((path) => [path, "read"])];
  const files = rules.map(([path, right]) => `${JSON.stringify(path)}="${right}"`).join(",");
  return [
    ...["-c", 'default_permissions="ra"', "-c", `permissions.ra.filesystem={${files}}`],
    ...["-c", "permissions.ra.network.enabled=true"],
  ];
}

/** In containers without namespaces of their own it does not, and every command of the agent would fail. */
async function sandboxStarts(
  host: RunnerHost,
  command: readonly [string, ...string[]],
  profile: readonly string[],
  { signal, scratch }: Job,
): Promise<boolean> {
  // It leaves a directory where temporary files are.
  const argv = ["env", `TMPDIR=${scratch}`, ...command, ...profile, "--", "true"] as const;
  return (await host.query(argv, signal)) !== null;
}

interface CodexEvent {
  readonly type?: string;
  readonly thread_id?: string;
  readonly message?: string;
  readonly error?: { readonly message?: string };
  readonly item?: CodexItem;
  readonly usage?: { readonly input_tokens?: number; readonly output_tokens?: number };
}

interface CodexItem {
  readonly type?: string;
  readonly text?: string;
  readonly changes?: readonly { readonly path?: string }[];
}

function read(
  story: Story,
  line: Readonly<Record<string, unknown>>,
  used: Usage | undefined,
): Waiting {
  const event = line as CodexEvent;
  switch (event.type) {
    case "thread.started":
      story.session = event.thread_id ?? null;
      return "nothing";
    case "turn.started":
      story.isDone = false;
      return "nothing";
    case "error":
      // It may go on by itself after this, or end with `turn.failed`.
      return soundsLimited(event.message ?? "") ? { refused: event.message ?? "" } : "nothing";
    case "turn.failed":
      story.refusal = refusalOf(event.error?.message ?? "the turn failed");
      return "progress";
    case "turn.completed":
      story.isDone = true;
      story.refusal = null;
      // Of a session that is gone on with it gives the sums as a whole.
      story.usage = {
        inputTokens: since(event.usage?.input_tokens, used?.inputTokens),
        outputTokens: since(event.usage?.output_tokens, used?.outputTokens),
        costUsd: null,
      };
      return "progress";
    case "item.completed":
      return readItem(story, event.item ?? {});
    default:
      return /^item\./.test(String(event.type)) ? "progress" : "nothing";
  }
}

function since(now: number | undefined, before: number | null | undefined): number | null {
  return now === undefined ? null : Math.max(0, now - (before ?? 0));
}

function readItem(story: Story, item: CodexItem): Waiting {
  switch (item.type) {
    case "agent_message":
      story.lastMessage = item.text ?? "";
      return "progress";
    case "file_change":
      story.toolCalls += 1;
      for (const { path } of item.changes ?? []) if (path !== undefined) story.edits.add(path);
      return "progress";
    case "command_execution":
    case "mcp_tool_call":
    case "web_search":
      story.toolCalls += 1;
      return "progress";
    default:
      // Warnings come as items, too, before the provider has said anything.
      return "nothing";
  }
}

/** `unexpected status 401 Unauthorized: Invalid API key, url: ...`, `..., last status: 429 Too Many Requests`, or JSON. */
function refusalOf(message: string): Refusal {
  const status =
    /status:? (\d{3})\b/.exec(message)?.[1] ?? /"code":\s*"?(\d{3})\b/.exec(message)?.[1];
  const inner = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(message)?.[1];
  const words = /unexpected status \d{3} [^:]*: ([\s\S]*?)(?:, url: \S+)?$/.exec(message)?.[1];
  const text = inner ?? words ?? message;
  return { status: status === undefined ? null : Number(status), text };
}
