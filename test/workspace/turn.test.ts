import { expect, test } from "bun:test";
import { join } from "node:path";
import { inLandingTurn } from "../../core/workspace/turn.ts";
import { onTestEnd, temporaryDirectory } from "../support/leftovers.ts";
import { root } from "../support/program.ts";

test("lets one land after the other, in one process too", async () => {
  const directory = temporaryDirectory();
  const seen: string[] = [];
  const first = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();

  const one = inLandingTurn(directory, async () => {
    begun.resolve();
    await first.promise;
    seen.push("one");
  });
  await begun.promise;
  const other = inLandingTurn(directory, async () => void seen.push("other"));
  first.resolve();
  await Promise.all([one, other]);

  expect(seen).toEqual(["one", "other"]);
});

test("gives the turn back when the work throws", async () => {
  const directory = temporaryDirectory();

  const failed = inLandingTurn(directory, () => Promise.reject(new Error("no")));

  await expect(failed).rejects.toThrow("no");
  expect(await inLandingTurn(directory, async () => "next")).toBe("next");
});

test("does not wait for a process that was killed in its turn", async () => {
  const directory = temporaryDirectory();
  const holder = Bun.spawn(
    [
      process.execPath,
      "-e",
      `import { inLandingTurn } from ${JSON.stringify(join(root, "core/workspace/turn.ts"))};
await inLandingTurn(${JSON.stringify(directory)}, async () => {
  console.log("mine");
  await new Promise((resolve) => setTimeout(resolve, 60_000));
});`,
    ],
    { stdin: "ignore", stdout: "pipe" },
  );
  onTestEnd(() => holder.kill("SIGKILL"));
  const { value } = await holder.stdout.getReader().read();

  holder.kill("SIGKILL");
  const got = await inLandingTurn(directory, async () => "ours");

  expect(new TextDecoder().decode(value)).toBe("mine\n");
  expect(got).toBe("ours");
});
