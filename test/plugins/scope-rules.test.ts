import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Job, type Scope, stepRules } from "../../core/plugin/index.ts";
import claude from "../../plugins/runner-claude.ts";
import codex from "../../plugins/runner-codex.ts";
import gemini from "../../plugins/runner-gemini.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { hostOf, player } from "./conformance.ts";
import { tryRunner } from "./job.ts";
import { transcript } from "./transcript.ts";

/* How each agent is told of a scope, in its own words. `real-scope.test.ts` shows that the real ones keep to it. */

const scope: Scope = { claimed: ["src/**", "a?b.md"], covers: () => false };

/** A workspace in which `docs` and `top (1).md` lie outside. */
function workspace(): string {
  const cwd = join(realpathSync(temporaryDirectory("scope")), "pro.ject");
  for (const path of ["src", "docs", "out"]) mkdirSync(join(cwd, path), { recursive: true });
  for (const path of ["docs/d.md", "top (1).md", "src/x.ts"]) writeFileSync(join(cwd, path), "x");
  writeFileSync(join(cwd, ".gitignore"), "/.gitignore\nout/\n");
  return cwd;
}

const told = { prompt: "do it", cwd: "", scope };

test("Kilo and OpenCode may write what is claimed or ignored, and the attempt's own directory", () => {
  const job = { cwd: workspace(), scratch: "/tmp/attempt-1", scope } as unknown as Job;

  const { KILO_PERMISSION = "" } = stepRules(job, "KILO_PERMISSION");

  const { edit } = JSON.parse(KILO_PERMISSION);
  const allowed = [
    "src/*",
    "a?b.md",
    ".gitignore",
    ".gitignore/*",
    "*out",
    "*out/*",
    "*/attempt-1/*",
  ];
  // The last that fits decides.
  expect(Object.keys(edit)).toEqual(["*", ...allowed]);
  expect(edit).toEqual({
    "*": "deny",
    ...Object.fromEntries(allowed.map((one) => [one, "allow"])),
  });
  expect(stepRules({ ...job, scope: null }, "KILO_PERMISSION")).toEqual({});
});

test("Claude Code is forbidden what exists outside", async () => {
  const cwd = workspace();
  const trial = tryRunner(claude(hostOf(player(transcript("claude", "nothing")))), {
    ...told,
    cwd,
  });

  await trial.exit;

  const argv = trial.started[0] ?? [];
  const { permissions } = JSON.parse(argv[argv.indexOf("--settings") + 1] ?? "");
  expect(argv).toContain("--dangerously-skip-permissions");
  expect(permissions.deny.toSorted()).toEqual(
    [`/${cwd}/docs`, `/${cwd}/docs/**`, `/${cwd}/top ?1?.md`, `/${cwd}/top ?1?.md/**`].map(
      (path) => `Edit(${path})`,
    ),
  );
});

test("Codex gets a sandbox that keeps what exists outside, where its sandbox starts", async () => {
  const cwd = workspace();
  const asked: string[][] = [];
  const command = player(transcript("codex", "nothing"));
  const play = (answer: string | null) =>
    tryRunner(
      codex({
        command,
        async query(argv) {
          asked.push([...argv]);
          return answer;
        },
      }),
      { ...told, cwd },
    );
  const [bound, free] = [play(""), play(null)];

  await Promise.all([bound.exit, free.exit]);

  const argv = bound.started[0]?.slice(command.length) ?? [];
  expect(argv.join(" ")).toEndWith(
    `-c default_permissions="ra" -c permissions.ra.filesystem={":root"="write","${cwd}/docs"="read",` +
      `"${cwd}/top (1).md"="read"} -c permissions.ra.network.enabled=true -c approval_policy="never" -`,
  );
  const [env, temporary, ...probe] = asked[0] ?? [];
  expect([env, temporary]).toEqual(["env", `TMPDIR=${bound.scratch}`]);
  expect(probe.slice(command.length, command.length + 2)).toEqual(["sandbox", "-c"]);
  expect(free.started[0]).toContain("--dangerously-bypass-approvals-and-sandbox");
});

test("Gemini CLI gets a policy that allows what is claimed or ignored", async () => {
  const cwd = workspace();
  let policy = "";
  const host = hostOf(player(transcript("gemini", "nothing")));
  const runner = gemini(host);
  const trial = tryRunner(
    {
      ...runner,
      run: (job) =>
        runner.run({
          ...job,
          start(program) {
            policy = readFileSync(program.argv[program.argv.indexOf("--policy") + 1] ?? "", "utf8");
            return job.start(program);
          },
        }),
    },
    { ...told, cwd },
  );

  expect((await trial.exit).ok).toBe(true);
  const patterns = [...policy.matchAll(/argsPattern = '(.*)'\ndecision = "(\w+)"/g)];
  const allowed = patterns.filter(([, , decision]) => decision === "allow");
  const may = (path: string): boolean =>
    allowed.some(([, words = ""]) =>
      new RegExp(words).test(JSON.stringify({ content: '"file_path":"src/x"', file_path: path })),
    );
  expect(patterns[0]?.slice(1)).toEqual(['"file_path":"', "deny"]);
  expect(
    ["src/x.ts", "./src/x.ts", `${cwd}/src/y/x.ts`, "axb.md", "out/x", "docs/out/x"].map(may),
  ).not.toContain(false);
  expect(["docs/d.md", `${cwd}/docs/d.md`, "top (1).md", "src", "axb.md5"].map(may)).toEqual(
    Array(5).fill(false),
  );
  // It refuses patterns that repeat a group, for they may take for ever.
  expect(allowed.filter(([, words = ""]) => /\([^)]*[*+?{].*\)[*+?{]/.test(words))).toEqual([]);
});
