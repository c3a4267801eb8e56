import { expect, test } from "bun:test";
import { outward } from "../../cli/event-line.ts";
import type { Event } from "../../core/run/event.ts";
import { me, samplePlan, sampleTask, started } from "../registry/sample.ts";

const token = "tell-nobody-7f3a";
const database = "postgres://ra:hunter2-of-ours@db.example/ra";

test("a plan goes out without the secrets that its tasks set, wherever in it they stand", () => {
  const plan = samplePlan([
    sampleTask("a", {
      env: { DEPLOY_TOKEN: token, DATABASE_URL: database, STAGE: "test" },
      description: `Deploy with ${token}`,
      work: { kind: "command", command: `deploy --token ${token} --db ${database}` },
      verify: `curl -H 'Authorization: ${token}' https://x.example`,
    }),
    sampleTask("b", {
      work: { kind: "prompt", prompt: `The token is ${token}, the stage is test.` },
    }),
  ]);
  const event: Event = {
    ...started(plan, me()),
    v: 1,
    seq: 1,
    run: "r7k2",
    at: "2026-11-26T12:00:00.000Z",
  };

  const told = outward(event);

  const text = JSON.stringify(told);
  expect([text.includes(token), text.includes("hunter2-of-ours")]).toEqual([false, false]);
  expect(told).toMatchObject({
    plan: {
      tasks: [
        {
          id: "a",
          env: { DEPLOY_TOKEN: "***", STAGE: "test" },
          description: "Deploy with ***",
          verify: "curl -H 'Authorization: ***' https://x.example",
        },
        { work: { kind: "prompt", prompt: "The token is ***, the stage is test." } },
      ],
    },
  });
  expect(event).toMatchObject({ plan: { tasks: [{ env: { DEPLOY_TOKEN: token } }, {}] } });
});

test("a plan without secrets goes out as it is", () => {
  const plan = samplePlan([sampleTask("a", { env: { STAGE: "test", API_KEY: "" } })]);
  const event: Event = {
    ...started(plan, me()),
    v: 1,
    seq: 1,
    run: "r7k2",
    at: "2026-11-26T12:00:00.000Z",
  };

  expect(outward(event)).toEqual({
    ...event,
    plan: samplePlan([sampleTask("a", { env: { STAGE: "test", API_KEY: "***" } })]),
  } as Event);
});
