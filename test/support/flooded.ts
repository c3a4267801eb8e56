import { readFileSync } from "node:fs";
import { openLog } from "../../core/process/log.ts";
import { startProcess } from "../../core/process.ts";

const [directory = "", path = "", flood = ""] = process.argv.slice(2);
const log = openLog(path, 1024 * 1024);
let longest = 0;
Bun.gc(true);
const before = process.memoryUsage.rss();

await startProcess({
  argv: ["sh", "-c", flood],
  cwd: directory,
  env: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
  log,
  onStdout(line) {
    longest = Math.max(longest, line.length);
  },
}).ended;
log.end();

process.stdout.write(JSON.stringify({ grown: peak() - before, longest, bytes: log.bytes }));

/** The most memory that this process has had, in bytes; where that is not told, what it has now. */
function peak(): number {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return Number(kib) * 1024;
  } catch {
    return process.memoryUsage.rss();
  }
}
