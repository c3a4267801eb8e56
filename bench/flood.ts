import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createRedactor } from "../core/secret/redactor.ts";
import { jsonPlan, makePlace, ra, wide } from "./place.ts";
import { megabytes } from "./ratio.ts";

/** Memory and disk under a flood of output, with and without secrets to hide: `bun bench/flood.ts [BYTES]`. */
const bytes = Number(process.argv[2] ?? 10_000_000_000);

/** How often the log is measured while it grows, in milliseconds. */
const lookMs = 20;

const floods = {
  "lines of two bytes": `yes | head -c ${bytes}`,
  "one endless line": `head -c ${bytes} /dev/zero`,
};

async function flood(name: string, print: string, secrets: number): Promise<void> {
  using place = makePlace();
  const { directory, env } = place;
  const plan = place.write("flood.json", jsonPlan(wide(1, print), 1));
  const tokens = Array.from({ length: secrets }, (_, at) => [
    `BENCH${at}_TOKEN`,
    `bench-${at}-${crypto.randomUUID()}`,
  ]);
  const started = performance.now();
  const child = Bun.spawn([ra, "dispatch", plan], {
    cwd: directory,
    env: { ...process.env, ...env, ...Object.fromEntries(tokens) },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  let disk = 0;
  const timer = setInterval(() => {
    disk = Math.max(disk, sizeOfLogs(directory));
  }, lookMs);
  const stderr = await child.stderr.text();
  await child.exited;
  clearInterval(timer);
  if (child.exitCode !== 0) throw new Error(stderr);
  disk = Math.max(disk, sizeOfLogs(directory));
  const seconds = (performance.now() - started) / 1000;
  const speed = (bytes / seconds / 1e6).toFixed(0);
  const peak = megabytes(child.resourceUsage()?.maxRSS ?? 0);
  process.stdout.write(
    `${(bytes / 1e9).toFixed(1)} GB, ${name}, ${secrets} secrets: peak${peak}, log at most${megabytes(disk)}, ` +
      `${seconds.toFixed(1)} s, ${speed} MB/s\n`,
  );
}

function sizeOfLogs(directory: string): number {
  const runs = join(directory, ".ra", "runs");
  try {
    return readdirSync(runs, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".log"))
      .reduce((sum, path) => sum + statSync(join(runs, path)).size, 0);
  } catch {
    return 0;
  }
}

/** How fast text is searched that looks like what agents print. */
function redaction(secrets: number): void {
  const redactor = createRedactor(
    Array.from({ length: secrets }, (_, at) => `bench-${at}-${crypto.randomUUID()}`),
  );
  const text = `${JSON.stringify({ type: "tool", id: crypto.randomUUID(), text: "const a = await read(path);\n".repeat(4) })}\n`;
  const chunk = Buffer.from(text.repeat(Math.ceil(65_536 / text.length))).subarray(0, 65_536);
  const stream = redactor?.stream();
  const rounds = 4_000;
  const started = performance.now();
  for (let round = 0; round < rounds; round++) stream?.push(chunk);
  const seconds = (performance.now() - started) / 1000;
  const speed = ((rounds * chunk.length) / seconds / 1e6).toFixed(0);
  process.stdout.write(`redaction of JSON lines, ${secrets} secrets: ${speed} MB/s\n`);
}

for (const secrets of [1, 20, 200]) redaction(secrets);
for (const secrets of [0, 20])
  for (const [name, print] of Object.entries(floods)) await flood(name, print, secrets);
