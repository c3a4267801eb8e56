import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testRepository, until } from "../../support/repository.ts";
import { fakeKilo } from "../cli/agent.ts";
import { startDaemon, userConfig, type View } from "./daemon.ts";

/** A message of the WebSocket. */
interface Told {
  readonly requestId: string;
  readonly type: string;
  readonly result?: View;
  readonly request?: View;
  readonly event?: { readonly type: string };
}

test("two requests at once, over HTTP and WebSocket, run side by side and both land", async () => {
  const repository = testRepository();
  fakeKilo(
    repository,
    `name=$(echo "$PROMPT" | grep -o -m1 "CRM\\|theme"); if [ "$name" = CRM ]; then ${repository.hold("CRM")}; else ${repository.hold("theme")}; fi; echo "$name" > "$name.txt"`,
  );
  const kilo = { command: [join(repository.top, "kilo")] };
  userConfig(repository, { runners: { kilo }, serve: { prompts: ["http"] } });
  const daemon = await startDaemon(repository);
  const socket = new WebSocket(`${daemon.url.replace("http", "ws")}/api/socket`, {
    headers: { authorization: `Bearer ${daemon.token}` },
  } as never);
  const messages: Told[] = [];
  socket.onmessage = ({ data }) => void messages.push(JSON.parse(data));
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });

  const { id } = await daemon.json<View>("/api/dispatch", { prompt: "Build me a CRM" });
  socket.send(
    JSON.stringify({
      requestId: "x1",
      method: "dispatch",
      params: { prompt: "Make the theme darker" },
    }),
  );
  await Promise.all([repository.arrival("CRM"), repository.arrival("theme")]);
  const asked = (): string[] => {
    const text = readFileSync(join(repository.dir, ".ra/processes.json"), "utf8");
    const { processes } = JSON.parse(text) as { processes: { requestId: string }[] };
    return processes.map(({ requestId }) => requestId).sort();
  };
  const both = [id, messages[0]?.result?.id ?? ""].sort();
  await until(() => asked().join() === both.join(), "both in processes.json");
  const told = await daemon.json<{ processes: unknown[] }>("/api/processes");
  repository.open("CRM");
  repository.open("theme");
  const crm = await daemon.settled(id);
  await until(() => messages.some(({ type }) => type === "settled"), "the end of x1");
  socket.close();

  const other = messages[0]?.result?.id;
  expect(messages[0]?.type).toBe("result");
  expect(told.processes).toHaveLength(2);
  expect(crm).toMatchObject({ status: "fulfilled", exitCode: 0, name: "Build me a CRM" });
  expect(messages.every(({ requestId }) => requestId === "x1")).toBe(true);
  expect(messages.at(-1)?.request).toMatchObject({ id: other, status: "fulfilled" });
  expect(messages.at(-2)).toMatchObject({ type: "event", event: { type: "run.finished" } });
  expect(existsSync(join(repository.dir, "CRM.txt"))).toBe(true);
  expect(existsSync(join(repository.dir, "theme.txt"))).toBe(true);
  expect(repository.git("log", "--format=%s").split("\n").sort()).toEqual([
    "dispatch: task request — Build me a CRM",
    "dispatch: task request — Make the theme darker",
    "start",
  ]);
  expect((await daemon.end()).code).toBe(0);
});

/** A repository whose user has named a plan `write` of one command. */
function withPlan(command: string, params: object = {}) {
  const repository = testRepository();
  const plan = join(repository.top, "write.json");
  writeFileSync(
    plan,
    JSON.stringify({ version: 1, mode: "auto", tasks: [{ id: "write", run: command }] }),
  );
  userConfig(repository, { serve: { plans: { write: { file: plan, params } } } });
  return repository;
}

test("a named plan gets its parameters as variables, and what does not fit is refused", async () => {
  const repository = withPlan('echo "$RA_PARAM_TEXT" > text.txt', {
    text: { type: "text", max: 40 },
  });
  const daemon = await startDaemon(repository);
  const hostile = '$(touch pwned); "`touch pwned`';

  const refused = await Promise.all([
    daemon.ask("/api/dispatch", { plan: "write" }),
    daemon.ask("/api/dispatch", { plan: "write", params: { text: 1 } }),
    daemon.ask("/api/dispatch", { plan: "write", params: { text: "a", other: "b" } }),
    daemon.ask("/api/dispatch", { plan: "wrote" }),
    daemon.ask("/api/dispatch", { prompt: "Do it" }),
    daemon.ask("/api/dispatch", { plan: "write", run: "true" }),
  ]);
  const { id } = await daemon.json<View>("/api/dispatch", {
    plan: "write",
    params: { text: hostile },
  });
  const view = await daemon.settled(id);

  const codes = await Promise.all(
    refused.map(async (one) => ((await one.json()) as { error: { code: string } }).error.code),
  );
  expect(codes).toEqual([
    ...["BAD_PARAMETER", "BAD_PARAMETER", "BAD_PARAMETER"],
    ...["PLAN_UNKNOWN", "PROMPTS_CLOSED", "BAD_BODY"],
  ]);
  expect(view.status).toBe("fulfilled");
  expect(readFileSync(join(repository.dir, "text.txt"), "utf8")).toBe(`${hostile}\n`);
  expect(existsSync(join(repository.dir, "pwned"))).toBe(false);
});

test("ends requests that wait and that run, and tells what failed", async () => {
  const repository = testRepository();
  const plans: Record<string, object> = {};
  for (const [name, run] of [
    ["hold", repository.hold("hold")],
    ["fail", "echo no >&2; exit 3"],
  ] as const) {
    const file = join(repository.top, `${name}.json`);
    writeFileSync(file, JSON.stringify({ version: 1, mode: "auto", tasks: [{ id: name, run }] }));
    plans[name] = { file };
  }
  userConfig(repository, { serve: { plans } });
  const daemon = await startDaemon(repository, "--dispatch", "serial");
  const [runs, waits, fails] = await Promise.all(
    ["hold", "hold", "fail"].map((plan) => daemon.json<View>("/api/dispatch", { plan })),
  );
  await repository.arrival("hold");

  const queue = await daemon.json<{ waiting: number; running: number }>("/api/queue");
  await daemon.json(`/api/requests/${waits!.id}/cancel`, {});
  await daemon.json(`/api/requests/${runs!.id}/cancel`, {});
  const ended = await Promise.all([runs, waits, fails].map((one) => daemon.settled(one!.id)));

  expect(queue).toMatchObject({ waiting: 2, running: 1 });
  expect(ended.map(({ status }) => status)).toEqual(["cancelled", "cancelled", "rejected"]);
  expect(ended[2]).toMatchObject({ exitCode: 1, reason: expect.stringContaining("fail: failed") });
});
