import { expect, test } from "bun:test";
import { until } from "../support/repository.ts";
import type { AcpScript } from "./acp-agent.ts";
import { asks, play } from "./acp-play.ts";

test("allows what stays in the workspace, without asking anybody", async () => {
  const trial = play((cwd) => asks({ kind: "edit", locations: [{ path: `${cwd}/a.txt` }] }));

  const exit = await trial.exit;

  expect(exit.account?.lastMessage).toBe('{"outcome":"selected","optionId":"yes"}');
  expect(trial.questions).toEqual([]);
});

test("keeps an agent to its scope: it is to ask, and is refused what lies outside", async () => {
  const scope = { claimed: ["src/**"], covers: (path: string) => path.startsWith("src/") };
  const availableModes = ["yolo", "default"].map((id) => ({ id, name: id }));
  const session = { modes: { currentModeId: "yolo", availableModes } };
  const diff = (path: string) => ({ type: "diff", path, oldText: null, newText: "x" });
  const edit = (path: string) =>
    play({ ...asks({ kind: "edit", content: [diff(path)] }), session }, { scope });
  const [inside, outside] = [edit("src/a.ts"), edit("docs/a.md")];

  const said = await Promise.all([inside.exit, outside.exit]);

  expect(said.map(({ account }) => account?.lastMessage)).toEqual([
    '{"outcome":"selected","optionId":"yes"}',
    '{"outcome":"selected","optionId":"no"}',
  ]);
  expect(outside.questions).toEqual([]);
  expect(outside.heard()[2]).toMatchObject({ params: { modeId: "default" } });
});

test("asks a person about anything else, and passes the answer on", async () => {
  const script = asks({ kind: "edit", title: "Edit `/etc/x`", locations: [{ path: "/etc/x" }] });
  const trial = play(script, { answer: () => "always" });

  const exit = await trial.exit;

  expect(exit.account?.lastMessage).toBe('{"outcome":"selected","optionId":"always"}');
  expect(trial.questions).toEqual([
    {
      text: "Edit `/etc/x`",
      options: [
        { id: "yes", label: "Allow", effect: "allow" },
        { id: "always", label: "Always", effect: "allow", lasts: true },
        { id: "no", label: "Reject", effect: "refuse" },
      ],
    },
  ]);
});

test("says what is to be done, and where, when the title does not", async () => {
  const calls = [
    { kind: "other", title: "/data", locations: [{ path: "/data" }, { path: "/srv" }] },
    { kind: "fetch" },
    {},
  ];

  const asked = calls.map(async (call) => {
    const trial = play(asks(call));
    await trial.exit;
    return trial.questions[0]?.text;
  });

  expect(await Promise.all(asked)).toEqual(["other: /data: /srv", "fetch", "a tool"]);
});

test("refuses when nobody answers, a path that climbs out of the workspace included", async () => {
  const up = (cwd: string) => `${cwd}/../x`;

  for (const script of [
    asks({ kind: "fetch", title: "Fetch" }),
    (cwd: string) => asks({ kind: "edit", locations: [{ path: up(cwd) }] }),
  ]) {
    const exit = await play(script).exit;

    expect(exit.account?.lastMessage).toBe('{"outcome":"selected","optionId":"no"}');
  }
});

const form = (properties: object): AcpScript => ({
  form: { mode: "form", message: "Which port?", requestedSchema: { type: "object", properties } },
});

test("puts the fields of a form to a person, one question each", async () => {
  const script = form({
    port: { type: "string", title: "Port" },
    kind: { type: "string", oneOf: [{ const: "tcp", title: "Plain TCP" }] },
    open: { type: "boolean", title: "Open it?" },
  });
  const answers = ["8080", "tcp", "yes"];
  const trial = play(script, { answer: () => answers.shift() ?? null });

  const exit = await trial.exit;

  expect(trial.questions).toEqual([
    { text: "Which port? Port", options: [] },
    {
      text: "Which port? kind",
      options: [{ id: "tcp", label: "Plain TCP", effect: "answer" }],
    },
    {
      text: "Which port? Open it?",
      options: [
        { id: "yes", label: "yes", effect: "answer" },
        { id: "no", label: "no", effect: "answer" },
      ],
    },
  ]);
  expect(JSON.parse(exit.account?.lastMessage ?? "")).toEqual({
    action: "accept",
    content: { port: "8080", kind: "tcp", open: true },
  });
});

test("declines a form that nobody fills in, or that holds what it cannot ask", async () => {
  const field = { type: "string" };
  const many = Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`f${n}`, field]));
  const unanswered = play(form({ port: field }));
  const strange = play(form({ ports: { type: "array", items: { type: "string", enum: ["1"] } } }), {
    answer: () => "1",
  });
  const long = play(form(many), { answer: () => "1" });

  for (const trial of [unanswered, strange, long]) {
    expect((await trial.exit).account?.lastMessage).toBe('{"action":"decline"}');
  }
  expect([strange.questions, long.questions]).toEqual([[], []]);
});

test("an agent that waits for a person waits for no limit", async () => {
  const script = { ...asks({ kind: "fetch", title: "Fetch" }), warning: "Rate limit exceeded" };
  const hears = async (): Promise<string> => {
    await until(() => trial.said.stderr.length > 0, "the warning");
    // By the next look the patience is over.
    let looks = 0;
    await until(() => ++looks > 2, "two more looks");
    return "yes";
  };
  const trial = play(script, { patienceMs: 1, answer: hears });

  const exit = await trial.exit;

  expect(exit).toMatchObject({ ok: true });
});
