import { expect, test } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hookSecret, hookServer } from "../../support/hook-server.ts";
import { testRepository, until } from "../../support/repository.ts";
import { startDaemon, userConfig, type View } from "./daemon.ts";

/** A repository whose user has a plan `quick`, an outbox and a webhook. */
function world() {
  const repository = testRepository();
  const hook = hookServer();
  const [file, secret, box] = ["quick.json", "hook.secret", "wa_outbox.json"].map((name) =>
    join(repository.top, name),
  ) as [string, string, string];
  const tasks = [{ id: "a", run: "date +%s%N > a.txt" }];
  writeFileSync(file, JSON.stringify({ version: 1, mode: "auto", tasks }));
  writeFileSync(secret, hookSecret, { mode: 0o600 });
  const channels = { outbox: { file: box }, webhook: { url: hook.url, secret } };
  userConfig(repository, { serve: { plans: { quick: { file } }, channels } });
  return { repository, hook, secret, box };
}

for (const answers of ["never", 500] as const) {
  test(`a webhook that answers ${answers} delays no run, and no other channel`, async () => {
    const { repository, hook, box } = world();
    hook.answers = answers;
    const daemon = await startDaemon(repository);

    const { id, run } = await daemon.json<View>("/api/dispatch", { plan: "quick" });
    const view = await daemon.settled(id);
    await until(() => readFileSync(box, "utf8").includes("has ended"), "the outbox");
    const before = new Set(hook.got.map(({ seq }) => seq)).size;
    hook.answers = 204;
    const { code, err } = await daemon.end();
    const next = await startDaemon(repository);
    await until(() => hook.got.at(-1)?.type === "run.finished", "all events");
    await next.end();

    expect(view).toMatchObject({ status: "fulfilled", run });
    expect(before).toBeLessThanOrEqual(1);
    expect([...new Set(hook.got.map(({ seq }) => seq))]).toEqual(
      Array.from({ length: hook.got.at(-1)?.seq ?? 0 }, (_, i) => i + 1),
    );
    expect([code, hook.unsigned]).toEqual([0, 0]);
    expect(err).not.toContain("/hook");
    expect(err).not.toContain(hookSecret);
  });
}

test("does not start with a secret that others could read", async () => {
  const { repository, secret } = world();
  chmodSync(secret, 0o644);

  const { code, stderr } = await repository.ra("serve", "--listen", "0");

  expect(code).toBe(6);
  expect(stderr).toContain("error[TOKEN_UNFIT]: others may have read the secret of the webhook");
});
