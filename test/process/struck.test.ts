import { expect, test } from "bun:test";
import { join } from "node:path";
import { probeCgroup } from "../../core/process/cgroup-probe.ts";
import { onTestEnd } from "../support/leftovers.ts";
import { root } from "../support/program.ts";

const modes = ["none", "shim", ...(probeCgroup().usable ? ["cgroup"] : [])];

/** Starts of each kind: a shim takes its time. */
const starts = { none: 60, cgroup: 60, shim: 10 } as Record<string, number>;

/** Starts programs in all ways while Ctrl-C is pressed over and over, as a terminal has it: the whole group is told. */
async function startUnderCtrlC(mode: string): Promise<unknown> {
  const argv = [process.execPath, join(root, "test/support/starter.ts"), mode, `${starts[mode]}`];
  const child = Bun.spawn(argv, { detached: true, stdin: "ignore", stdout: "pipe" });
  onTestEnd(() => void (child.exitCode === null && child.kill("SIGKILL")));
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader.read()).value ?? "";
  let isOver = false;
  const press = (): void => {
    if (isOver) return;
    process.kill(-child.pid, "SIGINT");
    // Now and then at another point of what it is at.
    setTimeout(press, Math.random() * 3);
  };
  press();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    text += piece.value;
    isOver ||= text.split("\n").length > 2;
  }
  isOver = true;
  await child.exited;
  return JSON.parse(text.split("\n")[1] ?? "");
}

test.each(modes)(
  "a program that Ctrl-C meets at its start is started again (%s)",
  async (mode) => {
    expect(await startUnderCtrlC(mode)).toEqual({ isMet: true, wrong: [] });
  },
  60_000,
);
