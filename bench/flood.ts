import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createRedactor } from "../core/secret/redactor.ts";
import { jsonPlan, makePlace, ra, wide } from "./place.ts";
import { megabytes } from "./ratio.ts";

/**
 * Memory and disk under a flood of output, with and without secrets to hide:
 * `bun bench/flood.ts [BYTES [FLOOD [SECRETS]]]`. Fails when a flood takes more memory or disk than it may.
 */
const bytes = Number(process.argv[2] ?? 10_000_000_000);
const wanted = process.argv[3];
const secretCounts = process.argv[4] === undefined ? [0, 20] : [Number(process.argv[4])];

/** Bytes that the peak of `ra` must stay below. */
const peakMax = 256 * 1024 * 1024;
/** What the logs may take up: the cap of one log and a chunk. */
const diskMax = 64 * 1024 * 1024 + 64 * 1024;

/** How often the log is measured while it grows, in milliseconds. */
const lookMs = 20;

const floods = {
  "lines of two bytes": `yes | head -c ${bytes}`,
  "one endless line": `tr '\\0' x </dev/zero | head -c ${bytes}`,
  // A block of every byte value, over and over: a source of random bytes would be slower than what is measured.
  binary: `head -c 1048576 /dev/urandom >block; while cat block; do :; done 2>/dev/null | head -c ${bytes}`,
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
  const rss = child.resourceUsage()?.maxRSS ?? 0;
  const peak = megabytes(rss);
  process.stdout.write(
    `${(bytes / 1e9).toFixed(1)} GB, ${name}, ${secrets} secrets: peak${peak}, log at most${megabytes(disk)}, ` +
      `${seconds.toFixed(1)} s, ${speed} MB/s\n`,
  );
  if (rss >= peakMax || disk > diskMax) process.exitCode = 1;
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

if (wanted === undefined) for (const secrets of [1, 20, 200]) redaction(secrets);
for (const secrets of secretCounts) {
  for (const [name, print] of Object.entries(floods)) {
    if (wanted === undefined || name === wanted) await flood(name, print, secrets);
  }
}
