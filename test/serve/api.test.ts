import { expect, test } from "bun:test";
import { findPlace } from "../../core/workspace/place.ts";
import { attemptStarted, me, runFinished, samplePlan, started } from "../registry/sample.ts";
import { openRegistry } from "../registry/temporary.ts";
import { until } from "../support/repository.ts";
import { daemonInside } from "./daemon.ts";

interface Told {
  readonly id: string;
  readonly status: string;
  readonly batch: string | null;
  readonly error: { readonly code: string; readonly issues?: readonly { message: string }[] };
  readonly results: readonly Told[];
  readonly settled: boolean;
  readonly waiting: number;
}

const told = async (answer: Response): Promise<Told> => (await answer.json()) as Told;

test("accepts a request, tells of it, and gives it back under its key", async () => {
  const { post, ask } = await daemonInside();
  const key = { "idempotency-key": "k1" };

  const first = await post("/api/dispatch", { plan: "nothing" }, key);
  const again = await post("/api/dispatch", { plan: "nothing" }, key);
  const other = await post("/api/dispatch", { plan: "nothing", conversation: "c" }, key);

  const { id, ...view } = await told(first);
  expect([first.status, again.status, other.status]).toEqual([202, 200, 422]);
  expect(view).toMatchObject({ status: "queued", name: "nothing", source: "http", key: "k1" });
  expect(view).not.toHaveProperty("plan");
  expect((await told(again)).id).toBe(id);
  expect((await told(other)).error.code).toBe("KEY_USED");
  expect(await told(await ask(`/api/requests/${id}`))).toMatchObject({ id, status: "queued" });
});

test("says at once that the queue is full, and takes a batch whole or not at all", async () => {
  const { post, ask } = await daemonInside();
  const some = (count: number) => ({ requests: Array(count).fill({ plan: "nothing" }) });

  const batch = await told(await post("/api/batch", some(60)));
  const tooMany = await post("/api/batch", some(5));
  const rest = await post("/api/batch", some(4));
  const full = await post("/api/dispatch", { plan: "nothing" });
  const wrong = await post("/api/batch", { requests: [{ plan: "nothing" }, { plan: "other" }] });
  const empty = await post("/api/batch", { requests: [] });

  expect([tooMany.status, rest.status, full.status]).toEqual([503, 202, 503]);
  expect((await told(full)).error.code).toBe("QUEUE_FULL");
  expect([wrong.status, empty.status]).toEqual([404, 400]);
  expect((await told(await ask("/api/queue"))).waiting).toBe(64);
  expect(batch.results).toHaveLength(60);
  for (const { id } of batch.results) await post(`/api/requests/${id}/cancel`, {});
  const ended = await told(await ask(`/api/batches/${batch.id}`));
  expect(ended.settled).toBe(true);
  expect(new Set(ended.results.map(({ status }) => status))).toEqual(new Set(["cancelled"]));
});

test("tells everything that is wrong with a body", async () => {
  const { post } = await daemonInside({ prompts: ["http"] });

  const bodies = [
    [{ prompt: "" }, "`prompt` must not be empty"],
    [{ prompt: "  " }, "`prompt` must not be empty"],
    [{ prompt: "a", verify: "rm -rf ." }, "`verify` is not known"],
    [{ prompt: "a", runner: "shell" }, "`shell` runs commands"],
    [{ prompt: "a", touching: ["../x"] }, "leaves the repository"],
    [{ prompt: "a", touching: "x" }, "`touching` must be a list"],
    [[], "the body"],
    [null, "the body"],
    ["text", "the body"],
    [{}, "`prompt` is missing"],
  ] as const;
  for (const [body, said] of bodies) {
    const answer = await post("/api/dispatch", JSON.stringify(body));
    const { error } = await told(answer);
    expect([answer.status, error.issues?.[0]?.message ?? JSON.stringify(error)]).toEqual([
      400,
      expect.stringContaining(said),
    ]);
  }
});

test("knows what is not there, and what cannot be done", async () => {
  const { ask, post } = await daemonInside();
  const { id } = await told(await post("/api/dispatch", { plan: "nothing" }));
  await post(`/api/requests/${id}/cancel`, {});

  const answers = await Promise.all([
    ask("/api/requests/abcdefghjk"),
    ask("/api/runs/abcd"),
    ask("/api/batches/abcd"),
    post("/api/requests/abcdefghjk/cancel", {}),
    post(`/api/requests/${id}/cancel`, {}),
    post("/api/runs/abcd/stop", {}),
    post("/api/runs/abcd/continue", { more: 1 }),
    ask("/api/dispatch"),
    ask("/api/socket"),
  ]);

  expect(answers.map(({ status }) => status)).toEqual([
    ...[404, 404, 404, 404, 409, 404, 400],
    ...[405, 426],
  ]);
});

test("tells of runs that others drive, and streams their events from any place on", async () => {
  const { ask, post, dir } = await daemonInside();
  const { stateDir } = findPlace(dir);
  const registry = await openRegistry(stateDir);
  await registry.commit("r7k2", () => [started(samplePlan(["a"]), me())]);
  const reading = new AbortController();
  const stream = await ask("/api/runs/r7k2/events", {
    headers: { "last-event-id": "0" },
    signal: reading.signal,
  });
  const all = await ask("/api/events", { signal: reading.signal });
  let [text, rest] = ["", ""];
  const read = async (answer: Response, take: (chunk: string) => void): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body as ReadableStream<Uint8Array>)
      take(decoder.decode(chunk));
  };
  const readers = Promise.allSettled([
    read(stream, (chunk) => {
      text += chunk;
    }),
    read(all, (chunk) => {
      rest += chunk;
    }),
  ]);
  await until(() => text.includes("event: run.started"), "the first event");

  const stopped = await post("/api/runs/r7k2/stop", {});
  await registry.commit("r7k2", () => [runFinished("stopped")]);
  await until(() => rest.includes("event: run.finished"), "the last event");
  const run = (await (await ask("/api/runs/@last")).json()) as object;
  reading.abort();
  await readers;

  expect(stopped.status).toBe(200);
  expect(run).toMatchObject({ v: 1, id: "r7k2", status: "stopped", requestId: null });
  const ids = (of: string): string[] => [...of.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id ?? "");
  expect(ids(text)).toEqual(["1", "2", "3"]);
  expect(ids(rest)).toEqual(["2", "3"]);
  expect(rest).toContain('"action":"stop","by":"http"');
  await until(
    async () => /^ra_sockets 0$/m.test(await (await ask("/metrics")).text()),
    "the end of streams",
  );
});

test("answers what agents ask, once, whoever is first", async () => {
  const { ask, post, dir } = await daemonInside();
  const registry = await openRegistry(findPlace(dir).stateDir);
  const place = { task: "a", attempt: 1 };
  const options = [{ id: "yes", label: "Allow", effect: "allow" as const }];
  const until = "2026-11-26T12:00:00.000Z";
  await registry.commit("r7k2", () => [
    started(samplePlan(["a"]), me()),
    attemptStarted("a"),
    { type: "question.asked", ...place, gate: "g1", text: "May I?", options, until },
  ]);

  const questions = (await (await ask("/api/questions")).json()) as object;
  const wrong = await post("/api/questions/g1/answer", { answer: "no" });
  const first = await post("/api/questions/g1/answer", { answer: "Allow" });
  const second = await post("/api/questions/g1/answer", { answer: "yes" });
  const nothing = await post("/api/questions/g2/answer", { answer: "yes" });

  expect(questions).toMatchObject({ questions: [{ gate: "g1", run: "r7k2", text: "May I?" }] });
  expect([wrong, first, second, nothing].map(({ status }) => status)).toEqual([400, 200, 409, 404]);
  expect((await told(second)).error.code).toBe("QUESTION_CLOSED");
  const events = await registry.read("r7k2", 0);
  expect(events.at(-1)).toMatchObject({ type: "question.answered", answer: "yes", by: "http" });
});

test("tells figures and its own description", async () => {
  const { ask, post } = await daemonInside();
  await post("/api/dispatch", { plan: "nothing" });

  const metrics = await (await ask("/metrics")).text();
  const document = (await (await ask("/openapi.json")).json()) as {
    readonly openapi: string;
    readonly paths: Record<string, Record<string, { readonly requestBody?: object }>>;
  };

  expect(metrics).toMatch(/^ra_requests\{status="queued"\} 1$/m);
  expect(metrics).toMatch(
    /^ra_http_answers_total\{method="POST",route="\/api\/dispatch",status="202"\} 1$/m,
  );
  expect(document.openapi).toBe("3.1.0");
  expect(Object.keys(document.paths)).toContain("/api/runs/{id}/stop");
  expect(JSON.stringify(document.paths["/api/dispatch"]?.post?.requestBody)).toContain('"prompt"');
});

interface Page {
  readonly runs: readonly { readonly id: string; readonly runners: readonly string[] }[];
  readonly next: string | null;
}

test("lists runs page by page, with the agents that worked on each", async () => {
  const { ask, post, dir } = await daemonInside();
  const registry = await openRegistry(findPlace(dir).stateDir);
  const ids = Array.from({ length: 402 }, (_, i) => `r${String(i).padStart(3, "0")}`);
  for (const id of ids) await registry.commit(id, () => [started(samplePlan(["a"]), me())]);
  await registry.commit("r000", () => [attemptStarted("a"), runFinished("stopped")]);
  const page = async (query: string) => (await (await ask(`/api/runs${query}`)).json()) as Page;

  const first = await page("");
  const second = await page(`?before=${first.next}`);
  const third = await page(`?before=${second.next}&other=1`);
  const behind = await page("?before=r000");
  const unknown = await ask("/api/runs?before=zzzz");
  const wrong = await Promise.all(
    ["..", "", "a/b", "a%00b"].map((text) => ask(`/api/runs?before=${text}`)),
  );
  const one = (await (await ask("/api/runs/r000")).json()) as object;
  await post("/api/runs/r001/stop", {});
  const document = JSON.stringify(await (await ask("/openapi.json")).json());

  expect([first, second, third].map(({ runs }) => runs.length)).toEqual([200, 200, 2]);
  const seen = [first, second, third].flatMap(({ runs }) => runs.map(({ id }) => id));
  expect(seen.toSorted()).toEqual(ids);
  expect(third.next).toBeNull();
  expect(seen.at(-1)).toBe("r000");
  expect(third.runs.map(({ runners }) => runners)).toEqual([[], ["claude"]]);
  expect(behind).toMatchObject({ runs: [], next: null });
  expect([unknown.status, ...wrong.map(({ status }) => status)]).toEqual([404, 400, 400, 400, 400]);
  expect(one).toMatchObject({ id: "r000", driven: true });
  expect(document).toContain('"name":"before","in":"query"');
});
