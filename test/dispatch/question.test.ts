import { expect, test } from "bun:test";
import { answerTo, lastWordsOf } from "../../core/dispatch/question.ts";

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

test("tells the last words of an agent that has any", () => {
  const account = { session: null, lastMessage: "I could not", toolCalls: 0, edits: [] };
  const exit = { ok: true, message: "", usage: null };

  expect(lastWordsOf({ ...exit, account })).toEqual(["the agent said last: I could not"]);
  expect(lastWordsOf(exit)).toEqual([]);
  expect(lastWordsOf(null)).toEqual([]);
});
