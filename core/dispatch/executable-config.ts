import type { Finding } from "../run/model.ts";
import type { ChangedPath, Repository } from "../workspace/workspace.ts";
import { listed } from "./scope.ts";

/** Names that tools read in any directory and run, or obey. Lower case; `*` stands for any run of characters. */
const anywhere: readonly string[] = [
  // git
  ...[".git", ".git*", ".githooks/", ".hooks/"],
  // hooks
  ...[
    ".husky/",
    ".huskyrc*",
    "husky.config.*",
    ".pre-commit-config.y*ml",
    ".pre-commit-hooks.y*ml",
  ],
  ...["lefthook.*", ".lefthook.*", "lefthook-local.*", ".lefthook-local.*", ".lefthook/"],
  ...[".lefthook-local/", ".lintstagedrc*", "lint-staged.config.*", "simple-git-hooks.*"],
  ...[".simple-git-hooks.*", ".overcommit.yml", "captainhook.json", ".git-hooks/"],
  // CI systems whose file may stand where the project says
  ...[
    "jenkinsfile",
    "jenkinsfile.*",
    "*.jenkinsfile",
    "azure-pipelines*.y*ml",
    ".azure-pipelines/",
  ],
  // agents
  ...["claude.md", "claude.local.md", ".claude/", ".claude.json", ".claude-plugin/", ".mcp.json"],
  ...[
    "agents.md",
    "agents.override.md",
    "agent.md",
    ".agents/",
    ".agent/",
    "gemini.md",
    ".gemini/",
  ],
  ...[".geminiignore", ".kilo*", ".kilo*/", "kilo.json*", ".opencode/", "opencode.json*"],
  ...[
    ".codex/",
    ".cursor/",
    ".cursorrules",
    ".cursorignore",
    ".aider*",
    ".windsurf*",
    ".windsurf*/",
  ],
  ...[".clinerules", ".clinerules/", ".cline/", ".roo/", ".roorules*", ".roomodes", ".continue/"],
  ...[".continuerules", ".junie/", ".amazonq/", ".qwen/", "qwen.md", ".crush.json", "crush.json"],
  ...[
    "crush.md",
    ".goosehints",
    ".factory/",
    ".augment/",
    ".augment-guidelines",
    ".trae/",
    ".kiro/",
  ],
  ...["copilot-instructions.md"],
  // editors that run tasks of a folder
  ...[".vscode/tasks.json", ".vscode/settings.json", ".vscode/launch.json", ".vscode/mcp.json"],
  ...[".zed/tasks.json", ".zed/settings.json", ".idea/runconfigurations/", ".run/"],
  ...["*.code-workspace", ".devcontainer/", ".devcontainer.json"],
  // shells, run times and package managers
  ...[".envrc", "bunfig.toml", ".bunfig.toml", ".npmrc", ".yarnrc*", ".yarn/plugins/"],
  ...[".yarn/releases/", ".pnpmfile.*", ".mise.toml", ".mise.*.toml", "mise.toml", "mise.*.toml"],
  ...[".mise/", ".config/mise.toml", ".config/mise/"],
];

/** Paths that count only from the top of the repository. */
const atTop: readonly string[] = [
  ...[".github/workflows/", ".github/actions/", ".github/hooks/", ".github/dependabot.y*ml"],
  ...[".github/instructions/", ".github/prompts/", ".github/chatmodes/", ".github/agents/"],
  ...[".gitlab/ci/", ".gitea/workflows/", ".forgejo/workflows/", ".circleci/", ".buildkite/"],
  ...["bitbucket-pipelines.yml", ".travis.yml", ".woodpecker*", ".woodpecker*/", ".drone.*"],
  ...["appveyor.yml", ".appveyor.yml", ".cirrus.*", ".semaphore/", ".teamcity/", ".tekton/"],
  ...["cloudbuild.y*ml", "buildspec.y*ml", "action.yml", "action.yaml", "ra.config.yaml"],
];

const pattern = new RegExp(
  `^(?:(?:.*/)?(?:${anywhere.map(source).join("|")})|(?:${atTop.map(source).join("|")}))$`,
  "s",
);

/** A name alone is a file or link of that name; with `/` behind it, also everything below. */
function source(name: string): string {
  const isDirectory = name.endsWith("/");
  const text = (isDirectory ? name.slice(0, -1) : name)
    .replace(/[.+]/g, "\\$&")
    .replaceAll("*", "[^/]*");
  return isDirectory ? `${text}(?:/.*)?` : text;
}

/** True for a path that git, a hook, a CI system, an editor, a package manager or an agent runs or obeys. */
export function isExecutableConfig(path: string): boolean {
  return pattern.test(path.normalize("NFC").toLowerCase());
}

/**
 * Names the changed paths that make other programs run something: such a change takes effect on whoever uses the
 * repository next, so it is told whatever the task's scope. Null when there is none.
 */
export async function findExecutableConfig(
  repository: Pick<Repository, "texts">,
  from: string,
  to: string,
  changes: readonly ChangedPath[],
): Promise<Finding | null> {
  const named = changes.filter(({ path }) => isExecutableConfig(path)).map(({ path }) => path);
  const links = changes.filter(({ link }) => link).map(({ path }) => path);
  const manifests = changes.map(({ path }) => path).filter((path) => manifest.test(path));
  const found = new Set(named);
  if (links.length > 0 || manifests.length > 0) {
    const [before, after] = await Promise.all([
      repository.texts(from, manifests),
      repository.texts(to, [...manifests, ...links]),
    ]);
    for (const path of links) if (leadsIntoGit(path, after.get(path))) found.add(path);
    for (const path of manifests) {
      if (scriptsOf(before.get(path)) !== scriptsOf(after.get(path))) found.add(path);
    }
  }
  if (found.size === 0) return null;
  const paths = [...found].sort();
  const message = `changed executable configuration: ${listed(paths)}`;
  return { check: "executable-config", severity: "warn", message, paths };
}

const manifest = /(?:^|\/)package\.json$/i;

/** Keys of a `package.json` whose commands run without being asked for by name. */
const scriptKeys = ["scripts", "lint-staged", "simple-git-hooks", "husky", "gitHooks"] as const;

/** Says the same for two texts whose scripts are the same. */
function scriptsOf(text: string | undefined): string {
  if (text === undefined) return scriptsOf("{}");
  try {
    const value = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return JSON.stringify(scriptKeys.map((key) => value[key] ?? null));
  } catch {
    return text;
  }
}

/** True when a link ends in a `.git`, or when nobody can tell where it ends. */
function leadsIntoGit(path: string, target: string | undefined): boolean {
  if (target === undefined) return true;
  const way = target.startsWith("/") ? [] : path.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "..") way.pop();
    else if (part !== "" && part !== ".") way.push(part);
    if (part.toLowerCase() === ".git") return true;
  }
  return way.some((part) => part.toLowerCase() === ".git");
}
