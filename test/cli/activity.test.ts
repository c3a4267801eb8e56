import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { activityIn } from "../../cli/view/activity.ts";
import { root } from "../support/program.ts";

/** What a real agent printed when it wrote a file, ran a command and said that it is done. */
function printedBy(agent: string): string {
  const path = join(root, "test/plugins/transcripts", agent, "edits.json");
  const { stdout } = JSON.parse(readFileSync(path, "utf8")) as { stdout: readonly unknown[] };
  return stdout.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
}

describe("what an agent printed tells what it did and said:", () => {
  for (const agent of ["claude", "codex", "gemini", "kilo", "opencode"]) {
    test(agent, () => {
      const all = activityIn(printedBy(agent));

      const done = all.filter((one) => one.kind === "does").map(({ what }) => what);
      expect(done[0]).toEndWith("src/b.txt");
      expect(done[1]).toContain("echo 42 > c.txt");
      expect(done).toHaveLength(2);
      expect(all.at(-1)).toEqual({ kind: "says", text: "all done" });
    });
  }

  test("an agent of the protocol, in pieces", () => {
    const update = (update: object): string =>
      JSON.stringify({ jsonrpc: "2.0", method: "session/update", params: { update } });
    const piece = (text: string): string =>
      update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text } });

    const all = activityIn(
      [
        update({ sessionUpdate: "user_message_chunk", content: { type: "text", text: "Do it" } }),
        ...[piece("I lo"), piece("ok.\n\u001b[31m"), "not JSON", '{"cut": "off'],
        update({ sessionUpdate: "tool_call", title: "Read", rawInput: { path: "a\u202eb" } }),
        piece("Done"),
      ].join("\n"),
    );

    expect(all).toEqual([
      { kind: "says", text: "I look.\n" },
      { kind: "does", tool: "Read", what: "ab" },
      { kind: "says", text: "Done" },
    ]);
  });
});
