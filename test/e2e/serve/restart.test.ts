import { expect, test } from "bun:test";
import { chmodSync, existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testRepository } from "../../support/repository.ts";
import { startDaemon, type TestDaemon, userConfig, type View } from "./daemon.ts";

/** A repository whose user has named a plan `hold`, which waits for its gate and then writes a file. */
function withHold() {
  const repository = testRepository();
  const file = join(repository.top, "hold.json");
  const run = `${repository.hold("hold")}; echo done > done.txt`;
  writeFileSync(file, JSON.stringify({ version: 1, mode: "auto", tasks: [{ id: "hold", run }] }));
  userConfig(repository, { serve: { plans: { hold: { file } } } });
  return repository;
}

test("a request that runs goes on when the daemon is killed, and the next one, on the same socket, tells its end", async () => {
  const repository = withHold();
  const path = join(repository.top, "ra.sock");
  const first = await startDaemon(repository, "--socket", path);
  const { id, run } = await first.json<View>("/api/dispatch", { plan: "hold" });
  await repository.arrival("hold");

  await first.end("SIGKILL");
  const second = await startDaemon(repository, "--socket", path);
  repository.open("hold");
  const view = await second.settled(id);

  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(view).toMatchObject({ status: "fulfilled", run });
  expect((await runsOf(second)).map((one) => one.id)).toEqual([run]);
  expect((await second.end()).code).toBe(0);
  expect(existsSync(path)).toBe(false);
});

test("a daemon that is told to end interrupts what it started, and the next one goes on with it", async () => {
  const repository = withHold();
  const first = await startDaemon(repository);
  const { id, run } = await first.json<View>("/api/dispatch", { plan: "hold" });
  await repository.arrival("hold");

  const ended = await first.end("SIGTERM");
  const left = repository.living();
  const second = await startDaemon(repository);
  repository.open("hold");
  const view = await second.settled(id);

  expect(ended).toMatchObject({ code: 0, err: expect.stringContaining("goes on with the next") });
  expect(left).toEqual([]);
  expect(view).toMatchObject({ status: "fulfilled", run });
  expect(await runsOf(second)).toHaveLength(1);
});

async function runsOf(daemon: TestDaemon): Promise<readonly { readonly id: string }[]> {
  return (await daemon.json<{ runs: { id: string }[] }>("/api/runs")).runs;
}

test("one daemon serves a repository", async () => {
  const repository = withHold();
  await startDaemon(repository);

  const { code, stderr } = await repository.ra("serve", "--listen", "0");

  expect(code).toBe(6);
  expect(stderr).toStartWith("error[SERVED]");
});

test("takes a token that nobody else could have read, and no other", async () => {
  const repository = withHold();
  const daemon = await startDaemon(repository);
  const path = join(repository.env.XDG_CONFIG_HOME ?? "", "ra", "serve.token");
  await daemon.end();

  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(daemon.token).toMatch(/^[\w-]{43}$/);
  chmodSync(path, 0o640);
  const readable = await repository.ra("serve", "--listen", "0");
  chmodSync(path, 0o600);
  writeFileSync(path, "short\n");
  const damaged = await repository.ra("serve", "--listen", "0");

  for (const { code, stderr } of [readable, damaged]) {
    expect([code, stderr]).toEqual([6, expect.stringContaining("error[TOKEN_UNFIT]")]);
  }
});

for (const [args, code] of [
  [["--listen", "0.0.0.0:0"], "ADDRESS_EXPOSED"],
  [["--listen", "[::]:0"], "ADDRESS_EXPOSED"],
  [["--listen", "10.0.0.1:7272"], "ADDRESS_EXPOSED"],
  [["--listen", "0.0.0.0:0", "--remote"], "ADDRESS_UNNAMED"],
  [["--listen", "nowhere"], "USAGE"],
  [["--listen", "127.0.0.1:70000"], "USAGE"],
  [["--socket", "relative.sock"], "USAGE"],
  [["--socket", "/tmp/a.sock", "--listen", "1"], "USAGE"],
] as const) {
  test(`does not begin to listen with ${args.join(" ")}`, async () => {
    const repository = withHold();

    const { code: exit, stderr } = await repository.ra("serve", ...args);

    expect([exit, stderr]).toEqual([2, expect.stringContaining(`error[${code}]`)]);
    expect(existsSync(join(repository.dir, ".git/ra"))).toBe(false);
  });
}

test("tells every named plan that is not valid, by place, before it begins", async () => {
  const repository = testRepository();
  const [bad, worse] = [join(repository.top, "bad.yaml"), join(repository.top, "worse.yaml")];
  writeFileSync(bad, "version: 1\ntasks:\n  - { id: a, run: x, deps: [b] }\n");
  writeFileSync(worse, "version: 2\n");
  userConfig(repository, { serve: { plans: { bad: { file: bad }, worse: { file: worse } } } });

  const { code, stderr } = await repository.ra("serve", "--listen", "0");

  expect(code).toBe(2);
  expect(stderr).toContain(`${bad}:3:`);
  expect(stderr).toContain(`${worse}:1:`);
});
