import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./support/program.ts";
import { findCircle, importsOf, readSource, type Source, trackedFiles } from "./support/source.ts";

const tracked = trackedFiles();
const sources = tracked.filter((path) => /\.tsx?$/.test(path)).map(readSource);
const product = sources.filter(({ path }) => /^(cli|core|plugins)\//.test(path));
const quiet = product.filter(({ path }) => !path.startsWith("cli/"));

/** The rooms of core, each with the rooms it may look into; `base` is the loose files that import nothing. */
const floors: Readonly<Record<string, readonly string[]>> = {
  base: [],
  secret: ["base"],
  process: ["base", "secret"],
  plan: ["base"],
  run: ["base", "plan"],
  plugin: ["base", "plan", "run"],
  workspace: ["base", "plan", "run", "process"],
  queue: ["base"],
  registry: ["base", "plan", "run", "process", "queue"],
  report: ["base", "plan", "run", "process", "registry"],
  dispatch: ["base", "secret", "plan", "run", "process", "plugin", "workspace", "report"],
};

/** What `core/dispatch` knows of git: interfaces only. */
const seenByDispatch = ["core/workspace/workspace.ts", "core/workspace/place.ts"];

function roomOf(path: string): string {
  const [, first = "", second] = path.split("/");
  if (second !== undefined) return first;
  return first === "process.ts" ? "process" : "base";
}

/** `path: what is wrong` for every import that a rule does not allow. */
function broken(
  from: readonly Source[],
  allowed: (target: string, source: Source, lazy: boolean) => boolean,
): string[] {
  return from.flatMap((source) =>
    source.imports
      .filter(({ ours, target, lazy }) => ours && !allowed(target, source, lazy))
      .map(({ target }) => `${source.path}: ${target}`),
  );
}

function mentioning(from: readonly Source[], pattern: RegExp): string[] {
  return from.filter(({ code }) => pattern.test(code)).map(({ path }) => path);
}

describe("imports", () => {
  test("name files that exist, with their ending", () => {
    const missing = broken(sources, (target) => existsSync(join(root, target)));

    expect(missing).toEqual([]);
  });

  test("of core stay in core and go down only", () => {
    const core = product.filter(({ path }) => path.startsWith("core/"));

    const wrong = broken(core, (target, { path }) => {
      const [from, to] = [roomOf(path), roomOf(target)];
      if (!target.startsWith("core/") || !(from in floors)) return false;
      if (from === "dispatch" && to === "workspace") return seenByDispatch.includes(target);
      return from === to || floors[from]!.includes(to);
    });

    expect(wrong).toEqual([]);
  });

  test("of plugins see nothing but core/plugin/index.ts and the directory of their own", () => {
    const plugins = product.filter(({ path }) => path.startsWith("plugins/"));
    // `plugins/telegram/` belongs to `plugins/channel-telegram.ts`.
    const own = (path: string): string =>
      path.replace(/^plugins\/(?:\w+-)?(\w+)[./].*$/, "plugins/$1/");

    const wrong = broken(
      plugins,
      (target, { path }) => target === "core/plugin/index.ts" || target.startsWith(own(path)),
    );

    expect(wrong).toEqual([]);
  });

  test("of cli name plugins in cli/builtin.ts alone, and lazily", () => {
    const cli = product.filter(({ path }) => path.startsWith("cli/"));

    const wrong = broken(cli, (target, { path }, lazy) =>
      target.startsWith("plugins/")
        ? path === "cli/builtin.ts" && lazy
        : /^(cli|core)\/|^package\.json$/.test(target),
    );

    expect(wrong).toEqual([]);
  });

  test("run in no circle, types included", () => {
    const circle = findCircle(sources);

    expect(circle).toBeNull();
  });

  test("in a circle are told by name, lazy ones left out", () => {
    const of = (path: string, target: string, lazy = false): Source => {
      return { path, text: "", code: "", imports: [{ target, ours: true, lazy }] };
    };

    const circle = findCircle([of("a", "b"), of("b", "c"), of("c", "b")]);
    const lazy = findCircle([of("a", "b"), of("b", "a", true)]);

    expect(circle).toEqual(["b", "c", "b"]);
    expect(lazy).toBeNull();
  });

  test("are found whatever their form", () => {
    const text = [
      "import a from './a.ts';",
      "import type { B,",
      "  C } from './b.ts';",
      "export * from './c.ts';",
      "import './d.ts';",
      "// import './comment.ts';",
      "/* import './block.ts'; */",
      "const e = () => import('./e.ts');",
      "const f: import('./f.ts').F = 1;",
      "import { join } from 'node:path';",
    ]
      .join("\n")
      .replaceAll("'", '"');

    const found = importsOf("core/x.ts", text).map(({ target }) => target);

    expect(found).toEqual([
      ...["core/a.ts", "core/b.ts", "core/c.ts", "core/d.ts"],
      ...["node:path", "core/e.ts", "core/f.ts"],
    ]);
  });
});

describe("the code", () => {
  test("spawns processes in core/process alone", () => {
    const pattern = /\bBun\s*\.\s*(spawn|\$)|\bchild_process\b|["']zx(\/\w+)?["']|\bspawnSync\b/;

    const wrong = mentioning(product, pattern);

    // The page is bundled when `ra` is built: nothing of this is in it.
    const allowed = /^core\/process(\.ts$|\/)|^cli\/serve\/web-bundle\.ts$/;
    expect(wrong.filter((path) => !allowed.test(path))).toEqual([]);
  });

  test("runs git in core/workspace/git.ts alone", () => {
    const wrong = mentioning(product, /\[\s*["'`]git["'`]/);

    expect(wrong.filter((path) => path !== "core/workspace/git.ts")).toEqual([]);
  });

  test("makes text from outside harmless in core/plain-text.ts alone", () => {
    const strips = mentioning(product, /\\p\{(Cc|Cf|Bidi_Control)\}|\bstripANSI\b/);
    const writes = mentioning(product, /(out|err|print)\(\s*`?\$?\{?JSON\.stringify/);
    const says = mentioning(product, /\berr\(\s*["'`]ra: /);

    // A glob with a control character is refused, not cleaned.
    expect(strips).toEqual(["core/plain-text.ts", "core/plan/glob.ts"]);
    expect(writes.filter((path) => path !== "cli/commands/schema.ts")).toEqual([]);
    expect(says).toEqual(["cli/say.ts"]);
  });

  test("of core and plugins neither prints nor exits", () => {
    const wrong = mentioning(
      quiet,
      /\bconsole\s*\.|\bprocess\s*\.\s*(stdout|stderr|exit|exitCode|abort)\b|\bBun\.(stdout|stderr)\b/,
    );

    expect(wrong).toEqual([]);
  });

  test("of cli prints in cli/terminal.ts and exits in cli/main.ts alone", () => {
    const prints = mentioning(product, /\bconsole\s*\.|\bprocess\s*\.\s*(stdout|stderr)\b/);
    const exits = mentioning(product, /\bprocess\s*\.\s*(exit|exitCode|abort)\b/);

    expect(prints).toEqual(["cli/terminal.ts"]);
    expect(exits).toEqual(["cli/main.ts"]);
  });

  test("has at most 300 lines a file", () => {
    const long = sources
      .map(({ path, text }) => [path, text.split("\n").length - 1] as const)
      .filter(([, lines]) => lines > 300);

    expect(long).toEqual([]);
  });

  test("has named exports, but for plugins, and no file of re-exports but one", () => {
    const named = sources.filter(({ path }) => !path.startsWith("plugins/"));
    const barrels = sources.filter(({ code }) => /^\s*export \* from/m.test(code));

    expect(mentioning(named, /^export default\b/m)).toEqual([]);
    expect(barrels.map(({ path }) => path)).toEqual([]);
  });

  test("lives in files named by nouns in kebab-case", () => {
    const vague = /(^|[-/])(utils?|helpers?|common|manager|service|base|misc)(\.|-|\/)/;

    const wrong = sources
      .map(({ path }) => path)
      .filter((path) => vague.test(path) || !/^[a-z0-9./-]+$/.test(path));

    expect(wrong).toEqual([]);
  });
});

describe("the repository", () => {
  test("has no top-level entry beyond the list", () => {
    const allowed = new Set([
      ...["package.json", "package-lock.json", "tsconfig.json", "bunfig.toml", "biome.json"],
      ...["README.md", "CHANGELOG.md", "LICENSE"],
      ...["cli", "core", "plugins", "test", "docs", "bench"],
    ]);

    const entries = new Set(tracked.map((path) => path.split("/")[0]!));

    expect([...entries].filter((name) => !allowed.has(name) && !name.startsWith("."))).toEqual([]);
  });

  test("names no package registry and no place of one machine", () => {
    // The patterns are put together so that this file does not match itself.
    const address = new RegExp(`https?://[^\\s"'/]*${["regis", "try"].join("")}[^\\s"'/]*\\.`, "i");
    const machine = new RegExp(`(^|[\\s"'\`(=])/${["wo", "rk"].join("")}/[a-z]`, "m");

    const wrong = tracked.filter((path) => {
      const text = readFileSync(join(root, path), "utf8");
      return address.test(text) || machine.test(text);
    });

    expect(wrong).toEqual([]);
  });

  test("has lock files that any registry can serve", () => {
    const locks = tracked.filter((path) => path.endsWith("package-lock.json"));

    const wrong = locks.filter((path) =>
      readFileSync(join(root, path), "utf8").includes('"resolved"'),
    );

    expect(locks).toContain("package-lock.json");
    expect(wrong).toEqual([]);
  });
});
