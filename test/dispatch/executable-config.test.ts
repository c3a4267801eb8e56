import { describe, expect, test } from "bun:test";
import { findExecutableConfig, isExecutableConfig } from "../../core/dispatch/executable-config.ts";
import type { ChangedPath } from "../../core/workspace/workspace.ts";

describe("a path that something runs or obeys", () => {
  test.each([
    ...[".gitattributes", "sub/.gitattributes", ".gitmodules", ".gitconfig", ".gitignore"],
    ...[".GitAttributes", ".githooks/pre-commit", "tools/.githooks/post-merge", ".gitlab-ci.yml"],
    ...[".husky/pre-commit", ".husky/_/husky.sh", "packages/a/.husky/pre-push", ".huskyrc.json"],
    ...[".pre-commit-config.yaml", ".pre-commit-config.yml", "lefthook.yml", ".lefthook.toml"],
    ...["lefthook-local.yml", ".lintstagedrc", ".lintstagedrc.json", "lint-staged.config.mjs"],
    ...["packages/ui/.lintstagedrc.js", "simple-git-hooks.json", ".overcommit.yml"],
    ...[".github/workflows/ci.yml", ".GITHUB/Workflows/CI.yml", ".github/actions/x/action.yml"],
    ...[".github/dependabot.yml", ".gitlab/ci/build.yml", ".gitea/workflows/a.yaml"],
    ...[".circleci/config.yml", "Jenkinsfile", "ci/Jenkinsfile", "Jenkinsfile.release"],
    ...["azure-pipelines.yml", "build/azure-pipelines.release.yaml", ".buildkite/pipeline.yml"],
    ...["bitbucket-pipelines.yml", ".travis.yml", ".woodpecker.yml", ".woodpecker/build.yaml"],
    ...[".drone.yml", ".drone.star", "appveyor.yml", ".cirrus.yml", ".tekton/push.yaml"],
    ...[".mcp.json", "app/.mcp.json", ".claude/settings.json", ".claude", "a/.claude/hooks/x.sh"],
    ...[
      "CLAUDE.md",
      "docs/CLAUDE.md",
      "claude.local.md",
      "AGENTS.md",
      "src/AGENTS.md",
      "GEMINI.md",
    ],
    ...[
      ".gemini/settings.json",
      ".kilocode/mcp.json",
      ".kilo/x",
      ".kilocodemodes",
      "opencode.json",
    ],
    ...["opencode.jsonc", ".opencode/agent/x.md", ".codex/config.toml", ".cursor/rules/a.mdc"],
    ...[".cursorrules", ".aider.conf.yml", ".windsurfrules", ".windsurf/workflows/a.md"],
    ...[
      ".clinerules/a.md",
      ".roo/mcp.json",
      ".github/copilot-instructions.md",
      ".qwen/settings.json",
    ],
    ...[".vscode/tasks.json", "app/.vscode/settings.json", ".idea/runConfigurations/a.xml"],
    ...["x.code-workspace", ".devcontainer/devcontainer.json", ".envrc", "app/.envrc"],
    ...["bunfig.toml", "app/bunfig.toml", ".npmrc", "app/.npmrc", ".yarnrc", ".yarnrc.yml"],
    ...[".yarn/plugins/x.cjs", ".pnpmfile.cjs", "mise.toml", ".mise.toml", "ra.config.yaml"],
  ])("is %s", (path) => {
    expect(isExecutableConfig(path)).toBe(true);
  });

  test.each([
    ...["gitattributes", "src/git.ts", "src/gitignore.ts", "x.gitattributes", "dot.git.md"],
    ...[".github/ISSUE_TEMPLATE/bug.md", ".github/CODEOWNERS", "docs/.github/workflows/ci.yml"],
    ...["workflows/ci.yml", "github/workflows/ci.yml", "circleci/config.yml", "x/.circleci/c.yml"],
    ...[
      "Jenkinsfiles/a",
      "myjenkinsfile",
      "azure-pipelines.md",
      "docs/travis.yml",
      "a/.travis.yml",
    ],
    ...["husky/pre-commit", "husky.ts", "src/lefthook/index.ts", "pre-commit-config.yaml"],
    ...["lintstagedrc", "src/claude/index.ts", "claude.ts", "CLAUDE.md.txt", "my-claude.md"],
    ...["agents.ts", "docs/agents.markdown", "src/agents/a.ts", "gemini/README.md", "kilo.ts"],
    ...["opencode.ts", "opencode/x.ts", "codex/x", "cursor/rules", "windsurf.md", "mcp.json"],
    ...[".vscode/extensions.json", "vscode/tasks.json", "tasks.json", ".idea/workspace.xml"],
    ...["envrc", ".env", ".env.local", "npmrc", "yarnrc.yml", "yarn.lock", "src/bunfig.ts"],
    ...["package-lock.json", "mise.md", "src/ra.config.yaml.md", "README.md"],
  ])("is not %s", (path) => {
    expect(isExecutableConfig(path)).toBe(false);
  });
});

type Texts = Readonly<Record<string, string>>;

async function found(changes: readonly ChangedPath[], before: Texts = {}, after: Texts = {}) {
  const texts = async (commit: string, paths: readonly string[]) => {
    const all = commit === "from" ? before : after;
    return new Map(paths.flatMap((path) => (path in all ? [[path, all[path] ?? ""]] : [])));
  };
  return findExecutableConfig({ texts }, "from", "to", changes);
}

const modified = (path: string): ChangedPath => ({ path, change: "modified" });
const link = (path: string): ChangedPath => ({ path, change: "added", link: true });

describe("what an agent left", () => {
  test("is flagged by a finding that names the paths", async () => {
    const changes = [modified("src/a.ts"), modified(".github/workflows/ci.yml")];

    expect(await found([...changes, { path: "CLAUDE.md", change: "deleted" }])).toEqual({
      check: "executable-config",
      severity: "warn",
      message: "changed executable configuration: .github/workflows/ci.yml, CLAUDE.md",
      paths: [".github/workflows/ci.yml", "CLAUDE.md"],
    });
  });

  test("is not flagged when it is plain files", async () => {
    expect(await found([modified("src/a.ts"), modified("package-lock.json")])).toBeNull();
  });

  test.each([
    ["a link to .git", "hooks", ".git/hooks"],
    ["a link from below to .git", "a/b/hooks", "../../.git/hooks"],
    ["a link to .git in other case", "hooks", "./.GIT/config"],
    ["a link to a .git by its full path", "hooks", "/home/u/project/.git/config"],
    ["a link to .git that goes on", "x", ".git/../src"],
  ])("is flagged for %s", async (_, path, target) => {
    expect((await found([link(path)], {}, { [path]: target }))?.paths).toEqual([path]);
  });

  test.each([
    ["a link to a file", "latest", "versions/1"],
    ["a link to a file whose name begins alike", "x", ".github/README.md"],
  ])("is not flagged for %s", async (_, path, target) => {
    expect(await found([link(path)], {}, { [path]: target })).toBeNull();
  });

  test("is flagged for other scripts in a package.json, and only for these", async () => {
    const text = (value: object): Texts => ({ "app/package.json": JSON.stringify(value) });
    const changes = [modified("app/package.json")];
    const before = text({ version: "1", scripts: { test: "bun test" } });

    const version = await found(
      changes,
      before,
      text({ scripts: { test: "bun test" }, version: "2" }),
    );
    const script = await found(
      changes,
      before,
      text({ scripts: { test: "bun test", postinstall: "sh x" } }),
    );
    const hooks = await found(changes, before, text({ "lint-staged": { "*": "sh x" } }));
    const broken = await found(changes, before, { "app/package.json": "{" });

    expect(version).toBeNull();
    expect([script, hooks, broken].map((finding) => finding?.paths)).toEqual(
      Array(3).fill(["app/package.json"]),
    );
  });
});
