import { expect, test } from "bun:test";
import { sessionWarnings } from "../../core/plan/session-warnings.ts";
import { makePlan, makeTask, puppetRunner } from "../support/rig.ts";

const able = { traits: { continues: true } } as const;
const runners = new Map<string, { readonly traits: { readonly continues?: true } }>([
  ["claude", able],
  ["shell", puppetRunner("shell")],
]);

test("a task that is to continue a session of a runner without any is warned of", () => {
  const continueSession = true as const;
  const plan = makePlan([
    makeTask("a", { runner: "claude", continueSession }),
    makeTask("b", { continueSession }),
    makeTask("c"),
    makeTask("d", {
      runner: "claude",
      fallback: [{ runner: "shell", model: null }],
      continueSession,
    }),
  ]);

  const warnings = sessionWarnings(plan, runners);

  expect(warnings).toEqual(
    ["b", "d"].map(
      (id) =>
        `task \`${id}\`: \`continueSession\` means nothing to \`shell\`: its further attempts begin anew`,
    ),
  );
});
