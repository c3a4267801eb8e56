import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deadlineMs, endOf, makeWorld } from "../e2e/agents/world.ts";
import { testWith } from "../support/agents.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

testWith("kilo")(
  "Kilo, driven over the protocol, asks before it leaves its workspace, and a person decides",
  async () => {
    const world = await makeWorld({ userConfig: "runners: { acp: { command: [kilo, acp] } }\n" });
    const place = temporaryDirectory("outside");
    const outside = join(place, "note.txt");
    world.plan(`version: 1
name: asks
defaults: { runner: acp, model: fake/m1, timeout: 9m }
tasks:
  - id: note
    description: Leave a note
    prompt: "Leave a note.\\n@@write ${outside} <<outside\\\\n>>\\n@@write inside.md <<inside\\\\n>>"
    touching: [inside.md]
`);
    const dispatch = world.dispatch("--auto", "--wait");
    const asked = await dispatch.until(({ type }) => type === "question.asked");
    const wasThere = existsSync(outside);
    const ps = await world.ra("ps");
    const first = await world.ra("answer", "@last", "--allow");
    const second = await world.ra("answer", "@last", "--deny");
    const { code } = await dispatch.finished;

    expect(asked).toMatchObject({ text: expect.stringContaining(place) });
    expect(ps.out).toMatch(/NEEDS YOU {2}\w+\/note asks for [\s\S]*note\/1 +needs-you +acp/);
    expect([wasThere, first.code, second.code, code]).toEqual([false, 0, 2, 0]);
    expect(readFileSync(outside, "utf8")).toBe("outside\n");
    expect(endOf(dispatch)).toMatchObject([{ id: "note", status: "done" }]);
    expect(await world.git("show", "main:inside.md")).toBe("inside\n");
    await world.expectNothingLeft();
  },
  deadlineMs,
);
