import { expect, test } from "bun:test";
import { join } from "node:path";
import { root, runProgram } from "../support/program.ts";

const seclusion = join(root, "core", "process", "seclusion.ts");

/** Another user's rights: root may read everything. */
const asNobody =
  process.getuid?.() === 0
    ? ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    : [];

const code = `
const { seclude } = await import(${JSON.stringify(seclusion)});
const look = () => Bun.spawnSync(["cat", "/proc/" + process.pid + "/environ"]).stdout.toString();
const isSeen = () => look().includes("canary-value");
console.log(JSON.stringify([isSeen(), await seclude(), isSeen()]));
`;
const argv = [...asNobody, process.execPath, "-e", code];
const env = { CANARY_TOKEN: "canary-value", HOME: "/nonexistent" };
// Where the checkout lies in a private directory, nobody else can run anything of it.
const first = process.platform === "linux" ? await runProgram(argv, { cwd: "/", env }) : null;

test.skipIf(first?.code !== 0)("closes its environment to programs of the same user", async () => {
  const { out } = await runProgram(argv, { cwd: "/", env });

  expect(JSON.parse(out)).toEqual([true, true, false]);
});
