import { expect, test } from "bun:test";
import fc from "fast-check";
import { startable } from "../../core/queue/policy.ts";
import { queued } from "./request.ts";

const names = (requests: ReturnType<typeof startable>): number[] => requests.map(({ seq }) => seq);

test("one after the other, the oldest first", () => {
  const open = [queued(1), queued(2), queued(3)];

  expect(names(startable(open, { mode: "serial", cap: 3 }))).toEqual([1]);
});

test("nothing starts beside what runs when they go one after the other", () => {
  const open = [queued(1, { status: "running" }), queued(2)];

  expect(names(startable(open, { mode: "serial", cap: 3 }))).toEqual([]);
});

test("as many as the cap side by side, those that run included", () => {
  const open = [queued(1, { status: "running" }), queued(2), queued(3), queued(4)];

  expect(names(startable(open, { mode: "concurrent", cap: 3 }))).toEqual([2, 3]);
});

test("requests of one conversation wait for each other and let others pass", () => {
  const open = [
    queued(1, { status: "running", conversation: "a" }),
    queued(2, { conversation: "a" }),
    queued(3, { conversation: "b" }),
    queued(4, { conversation: "b" }),
    queued(5),
  ];

  expect(names(startable(open, { mode: "concurrent", cap: 3 }))).toEqual([3, 5]);
});

const openRequests = fc
  .array(
    fc.record({
      status: fc.constantFrom("queued" as const, "running" as const),
      conversation: fc.option(fc.constantFrom("a", "b", "c")),
    }),
    { maxLength: 30 },
  )
  .map((all) => all.map((more, i) => queued(i + 1, more)));

test("never beyond the cap, never two of a conversation, never before an elder of it, and no slot idle without need", () => {
  fc.assert(
    fc.property(
      openRequests,
      fc.constantFrom("serial" as const, "concurrent" as const),
      fc.integer({ min: 1, max: 8 }),
      (open, mode, cap) => {
        const chosen = startable(open, { mode, cap });
        const running = open.filter(({ status }) => status === "running");
        const slots = Math.max(0, (mode === "serial" ? 1 : cap) - running.length);
        const busy = running.flatMap(({ conversation }) => conversation ?? []);
        expect(chosen.length).toBeLessThanOrEqual(slots);
        for (const { seq, status, conversation } of chosen) {
          expect(status).toBe("queued");
          if (conversation === null) continue;
          expect(busy).not.toContain(conversation);
          busy.push(conversation);
          const elder = open.find((other) => other.conversation === conversation);
          expect(elder?.seq).toBe(seq);
        }
        const left = open.filter((one) => one.status === "queued" && !chosen.includes(one));
        const couldStart = left.some(
          ({ conversation }) => conversation === null || !busy.includes(conversation),
        );
        expect(couldStart && chosen.length < slots).toBe(false);
      },
    ),
  );
});
