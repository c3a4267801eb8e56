import { expect, test } from "bun:test";
import type { Continuation } from "../../core/plugin/index.ts";
import { play } from "./acp-play.ts";

const former: Continuation = {
  session: "s0",
  prompt: "Go on.",
  used: { inputTokens: 0, outputTokens: 0, costUsd: 0 },
};

const said = { sessionUpdate: "agent_message_chunk", content: { type: "text", text: "done" } };

for (const [method, capabilities] of [
  ["session/load", { loadSession: true }],
  ["session/resume", { loadSession: true, sessionCapabilities: { resume: {} } }],
] as const) {
  test(`takes up the session of an earlier attempt by ${method}, where the agent declares it`, async () => {
    const trial = play({ capabilities, updates: [said] }, { continues: former });

    const exit = await trial.exit;

    expect(trial.heard().map((each) => each.method)).toEqual([
      ...["initialize", method, "session/prompt"],
    ]);
    expect(trial.heard()[1]?.params).toEqual({ sessionId: "s0", cwd: trial.cwd, mcpServers: [] });
    expect(trial.heard()[2]?.params).toMatchObject({
      sessionId: "s0",
      prompt: [{ text: "Go on." }],
    });
    // What it repeats of the earlier turn is not said again.
    expect(exit.account).toMatchObject({ session: "s0", lastMessage: "done" });
    expect(trial.opened).toEqual([{ session: "s0" }]);
  });
}

test("begins anew with the whole prompt, and says why, where a session is not taken up", async () => {
  const unable = play({ updates: [said] }, { continues: former });
  const gone = play(
    { capabilities: { loadSession: true }, takesUp: "no", updates: [said] },
    { continues: former },
  );

  for (const [trial, anew] of [
    [unable, "the agent does not take up sessions"],
    [gone, "the agent did not take it up: no such session"],
  ] as const) {
    expect(await trial.exit).toMatchObject({ ok: true });
    expect(trial.opened).toEqual([{ session: "s1", anew }]);
    expect(trial.heard().at(-1)?.params).toMatchObject({ prompt: [{ text: 'Say "hello".' }] });
  }
});

test("reads a message far above 1 MiB, and fails at one that is longer than may be", async () => {
  const long = play({ longMessage: 3 * 1024 ** 2 });
  const overlong = play({ longMessage: 33 * 1024 ** 2 });

  expect(await long.exit).toMatchObject({
    ok: true,
    account: { lastMessage: expect.stringMatching(/^x+…$/) },
  });
  expect(await overlong.exit).toMatchObject({
    ok: false,
    failure: "other",
    message: "it printed a message longer than 32 MiB, which is lost",
  });
});
