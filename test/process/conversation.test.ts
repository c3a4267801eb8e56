import { describe, expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { converse } from "../../core/process/conversation.ts";

const where = { cwd: tmpdir(), env: { PATH: process.env.PATH ?? "" } };
const moreThanAPipe = "x".repeat(1 << 20);

describe("a program that is told something after its end", () => {
  test.each([
    ["a line", "question\n"],
    ["more than a pipe takes", moreThanAPipe],
  ])("%s", async (_, text) => {
    const conversation = converse(["sh", "-c", "echo gone >&2"], where);
    expect(await conversation.hear()).toBeNull();

    conversation.tell(text);
    conversation.tell(text);

    expect(await conversation.hear()).toBeNull();
    await conversation.end();
    expect(await conversation.complaint()).toBe("gone\n");
  });

  test("while it is being told", async () => {
    const conversation = converse(["sh", "-c", "read -r one; exec 0<&-; echo heard"], where);

    conversation.tell(`one\n${moreThanAPipe}`);

    expect(await conversation.hear()).toBe("heard\n");
    expect(await conversation.hear()).toBeNull();
    await conversation.end();
  });
});
