import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { events, type TestRepository, testRepository } from "../../support/repository.ts";
import { fakeKilo } from "./agent.ts";

const suffixes = ["TOKEN", "SECRET", "PASSWORD", "KEY", "CREDENTIALS", "SECRET_ACCESS_KEY", "PAT"];

/** Names that never pass to anything that `ra` starts, whoever asks for all. */
const withheld = ["BUN_CANARY", "LD_CANARY", "DYLD_CANARY", "GIT_CANARY", "RA_CANARY", "ZX_CANARY"];

/** 200 secrets in the environment of `ra`, by name. */
function canaries(): Record<string, string> {
  const names = Array.from(
    { length: 194 },
    (_, at) => `CANARY${at}_${suffixes[at % suffixes.length]}`,
  );
  return Object.fromEntries(
    [...names, ...withheld.map((name) => `${name}_TOKEN`)].map((name, at) => [
      name,
      `nightingale-${at}-${(at * 7919 + 104_729).toString(36)}`,
    ]),
  );
}

/** Every file below a directory, as one text. */
function textBelow(directory: string): string {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .map((path) => readFileSync(path, "latin1"))
    .join("\n");
}

function seenIn(text: string, secrets: Readonly<Record<string, string>>): string[] {
  return Object.entries(secrets).flatMap(([name, value]) => (text.includes(value) ? [name] : []));
}

function withCanaries(): { repository: TestRepository; secrets: Record<string, string> } {
  const repository = testRepository();
  const secrets = canaries();
  Object.assign(repository.env, secrets);
  return { repository, secrets };
}

test("an agent gets none of 200 secrets in the environment of `ra`, nor anything that loads code", async () => {
  const { repository, secrets } = withCanaries();
  fakeKilo(
    repository,
    `env > env.txt
id=$$; while [ "$id" -gt 1 ]; do
  id=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$id/status); echo $id >> ancestors.txt
  [ "$(id -u)" = 0 ] || tr '\\0' '\\n' < /proc/$id/environ >> env.txt
done 2>/dev/null`,
  );
  const plan = repository.plan([
    { id: "a", prompt: "look around", env: { GIVEN_TOKEN: "nightjar-from-the-plan" } },
  ]);

  const result = await repository.ra("dispatch", plan);

  expect(result.code).toBe(0);
  const seen = repository.git("show", "main:env.txt");
  expect(seenIn(seen, secrets)).toEqual([]);
  expect(seen).toContain("GIVEN_TOKEN=nightjar-from-the-plan");
  expect(repository.git("show", "main:ancestors.txt")).not.toBe("");
  expect(seen).not.toMatch(/^(BUN|LD|DYLD|ZX)_/m);
  const own = seen.split("\n").filter((line) => line.startsWith("RA_"));
  const names = ["RA_ATTEMPT", "RA_MARK", "RA_OWNER", "RA_RUN", "RA_TASK"];
  expect(own.map((line) => line.split("=")[0]).sort()).toEqual(names);
});

for (const mode of ["cgroup", "shim"]) {
  test(`neither git nor what looks after programs gets any of 200 secrets (${mode})`, async () => {
    const { repository, secrets } = withCanaries();
    const seen = join(repository.top, "seen");
    const bin = join(repository.top, "bin");
    mkdirSync(bin);
    // Each git, and once whatever else `ra` has started by then.
    const look = `#!/bin/sh
{ printf 'git %s\\n' "$1"; tr '\\0' '\\n' < /proc/$$/environ
  [ "$1" != update-ref ] || for p in /proc/[0-9]*; do
    tr '\\0' ' ' < $p/cmdline | grep -q '^[^ ]*exe __[a-z]* ra:' || continue
    tr '\\0' '\\n' < $p/cmdline; tr '\\0' '\\n' < $p/environ
  done; } >> ${seen} 2>/dev/null
exec ${Bun.which("git")} "$@"
`;
    writeFileSync(join(bin, "git"), look, { mode: 0o755 });
    Object.assign(repository.env, { PATH: `${bin}:${repository.env.PATH}`, RA_CUSTODY: mode });
    const plan = repository.plan([{ id: "a", run: "git status; echo a > a.txt", verify: "true" }]);

    const result = await repository.ra("dispatch", plan);

    expect(result.code).toBe(0);
    // The command itself has the secrets, and calls git with them.
    const text = readFileSync(seen, "utf8");
    const calls = text.split(/^git /m).filter((call) => !call.startsWith("status\n"));
    expect(calls.length).toBeGreaterThan(10);
    expect(seenIn(calls.join("\n"), secrets)).toEqual([]);
    expect(/__warden/.test(text)).toBe(true);
  });
}

test("whatever commands and checks print of 200 secrets is hidden in logs, registry, reports and output", async () => {
  const { repository, secrets } = withCanaries();
  const given = "nightjar-from-the-plan";
  const dump = "env; env >&2; env | base64 -w0; env | od -An -tx1 | tr -d ' \\n'";
  const plan = repository.plan([
    {
      id: "a",
      run: `env > env.txt; ${dump}; printf '%s' "$GIVEN_TOKEN" >&2; exit 3`,
      env: { GIVEN_TOKEN: given },
    },
    { id: "b", run: "echo b > b.txt", verify: `${dump}; echo "$CANARY1_SECRET" >&2; exit 1` },
  ]);

  const result = await repository.ra("dispatch", plan, "--json");
  const others = await Promise.all([
    repository.ra("logs", "@last"),
    repository.ra("logs", "@last", "--json"),
    repository.ra("show", "@last/a"),
    repository.ra("why", "@last/b"),
  ]);

  const all = { ...secrets, given };
  expect(events(result).map(({ type }) => type)).toContain("run.finished");
  for (const { stdout, stderr } of [result, ...others])
    expect(seenIn(stdout + stderr, all)).toEqual([]);
  expect(seenIn(textBelow(join(repository.dir, ".git", "ra")), secrets)).toEqual([]);
  expect(seenIn(textBelow(join(repository.dir, ".ra")), all)).toEqual([]);
  const [logs] = others;
  expect(logs?.stdout).toContain("CANARY1_SECRET=***\n");
  // The commands had them, but for those that are always withheld.
  const kept = repository.git("show", `refs/ra/${events(result)[0]?.run}/a/1:env.txt`);
  expect(seenIn(kept, secrets).length).toBe(194);
});

test("a named variable is hidden, and a log keeps its cap with a count of what it lacks", async () => {
  const repository = testRepository();
  repository.env.DEPLOY_CODE = "production";
  writeFileSync(
    join(repository.dir, "ra.config.yaml"),
    "secrets: [DEPLOY_CODE]\nlogs: { max: 64KB }\n",
  );
  repository.git("add", "-A");
  repository.git("commit", "--quiet", "-m", "config");
  const flood = "echo first $DEPLOY_CODE; yes | head -c 300000; echo last";
  const plan = repository.plan([{ id: "a", run: `${flood}; echo a > a.txt`, verify: flood }]);

  const result = await repository.ra("dispatch", plan, "--json");
  const logs = await repository.ra("logs", "@last/a");

  const ended = events(result).find(({ type }) => type === "attempt.finished");
  const lacks = /its log lacks \d+ bytes from the middle of the output/;
  expect(ended).toMatchObject({ notes: [expect.stringMatching(lacks)] });
  expect(logs.stdout).toStartWith("first ***\ny\n");
  expect(logs.stdout.match(/\n\[ra: +\d+ bytes dropped\]\n/g)).toHaveLength(2);
  expect(logs.stdout).toEndWith("y\nlast\n");
  const directory = join(repository.dir, ".git", "ra", "runs", events(result)[0]?.run ?? "", "a");
  const sizes = readdirSync(directory).map((name) => statSync(join(directory, name)).size);
  expect(sizes.every((size) => size <= 64 * 1024 + 64)).toBe(true);
});
