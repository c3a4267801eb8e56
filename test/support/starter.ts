import { join } from "node:path";
import { startApart } from "../../core/process/apart.ts";
import { converse } from "../../core/process/conversation.ts";
import { leaveCustody, takeCustody } from "../../core/process/custody.ts";
import { capture, type ProcessRequest, startProcess } from "../../core/process.ts";
import { root } from "./program.ts";

const [mode = "none", countText = "1"] = process.argv.slice(2);
const where = { cwd: "/", env: { PATH: process.env.PATH ?? "/usr/bin:/bin" } };
const argv = ["sh", "-c", "cat; exit 7"] as const;

/** Every way in which `ra` starts a program that is told something; each gives what the program printed, and its code. */
const ways: Readonly<Record<string, () => Promise<readonly [string, number | null]>>> = {
  async capture() {
    const { stdout, code } = await capture(argv, { ...where, input: "told" });
    return [stdout, code];
  },
  async converse() {
    const conversation = converse(["sh", "-c", "read -r line; printf %s $line"], where);
    conversation.tell("told\n");
    const heard = await conversation.hear();
    await conversation.end();
    return [heard ?? "", 7];
  },
  text: () => run({ ...where, argv, stdin: "told" }),
  stream: () => run({ ...where, argv, stdin: new Blob(["told"]).stream() }),
  async apart() {
    const apart = startApart(["sh", "-c", "printf told; exit 7"], { ...where, isHeard: true });
    return [await new Response(apart.said).text(), await apart.exited];
  },
};

async function run(request: ProcessRequest): Promise<readonly [string, number | null]> {
  const lines: string[] = [];
  const running = startProcess({ ...request, onStdout: (line) => void lines.push(line) });
  const { code } = await running.ended;
  await running.end(0, "held");
  return [lines.join("\n"), code];
}

let interrupts = 0;
process.on("SIGINT", () => void interrupts++);
if (mode !== "none") takeCustody([process.execPath, join(root, "cli/main.ts")], mode);
process.stdout.write("ready\n");
const wrong: string[] = [];
for (let i = 0; i < Number(countText); i++) {
  for (const [name, way] of Object.entries(ways)) {
    const [said, code] = await way();
    if (said !== "told" || code !== 7) wrong.push(`${name}: ${code} ${said}`);
  }
}
leaveCustody();
process.stdout.write(`${JSON.stringify({ isMet: interrupts > 0, wrong })}\n`);
process.exit(0);
