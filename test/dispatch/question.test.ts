import { expect, test } from "bun:test";
import { systemClock } from "../../core/clock.ts";
import { type Ask, Asking, answerTo, lastWordsOf } from "../../core/dispatch/question.ts";
import { TimeLimit } from "../../core/dispatch/time-limit.ts";
import { limits } from "../../core/limits.ts";

const question = {
  text: "Edit\n`/etc/x`",
  options: [
    { id: "yes", label: "Allow", effect: "allow" },
    { id: "no", label: "Reject", effect: "refuse" },
  ],
} as const;

const { signal } = new AbortController();

test("passes on what a person answers", async () => {
  const notes: string[] = [];

  const answer = await answerTo(question, async () => "yes", signal, notes);

  expect(answer).toBe("yes");
  expect(notes).toEqual([]);
});

test("refuses and says so where nobody is there, nobody answers, or the answer is none", async () => {
  const notes: string[] = [];

  const answers = [
    await answerTo(question, undefined, signal, notes),
    await answerTo(question, async () => null, signal, notes),
    await answerTo(question, async () => "maybe", signal, notes),
  ];

  expect(answers).toEqual([null, null, null]);
  expect(new Set(notes)).toEqual(
    new Set(["it asked `Edit `/etc/x``: refused, as nobody answered"]),
  );
  expect(notes).toHaveLength(3);
});

test("takes any text where there are no options", async () => {
  const answer = await answerTo({ text: "?", options: [] }, async () => "8080", signal, []);

  expect(answer).toBe("8080");
});

function askingWith(ask: Ask): { asking: Asking; limit: TimeLimit; notes: string[] } {
  const notes: string[] = [];
  const limit = new TimeLimit(systemClock, 60_000, () => {});
  return { asking: new Asking(ask, limit, notes), limit, notes };
}

test("asks a person so often and no more, and says so once", async () => {
  let asked = 0;
  const { asking, limit, notes } = askingWith(async () => {
    asked += 1;
    return "yes";
  });

  const answers: (string | null)[] = [];
  for (let i = 0; i < limits.questions + 5; i++) answers.push(await asking.put(question));
  limit.end();

  expect(asked).toBe(limits.questions);
  expect(answers.slice(limits.questions)).toEqual([null, null, null, null, null]);
  expect(notes).toEqual(["it asked more than 100 times: the rest was refused"]);
});

test("takes back what is open when the attempt is over, and asks nothing more", async () => {
  const { asking, limit, notes } = askingWith(
    (_, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(null))),
  );

  const open = asking.put(question);
  asking.end();
  const late = await asking.put(question);
  limit.end();

  expect([await open, late]).toEqual([null, null]);
  expect(notes).toEqual(["it asked `Edit `/etc/x``: not answered before it ended"]);
});

test("tells the last words of an agent that has any", () => {
  const account = { session: null, lastMessage: "I could not", toolCalls: 0, edits: [] };
  const exit = { ok: true, message: "", usage: null };

  expect(lastWordsOf({ ...exit, account })).toEqual(["the agent said last: I could not"]);
  expect(lastWordsOf(exit)).toEqual([]);
  expect(lastWordsOf(null)).toEqual([]);
});
