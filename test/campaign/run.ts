import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";

/** Plays every campaign in full and keeps what came of it in `docs/results/`, a file for each git. Ends with 1 when one failed. */
const root = join(import.meta.dir, "..", "..");
const campaigns = ["histories", "conflicts", "races", "replay"];

const lines = [
  `campaigns in full, ${new Date().toISOString().slice(0, 10)}, commit ${commit()}`,
  `Bun ${Bun.version}, ${gitVersion()}, ${cpus().length} cores, load ${(loadavg()[0] ?? 0).toFixed(1)}`,
];
let failed = 0;
for (const name of campaigns) {
  const started = performance.now();
  const child = Bun.spawn(
    [process.execPath, "test", "--timeout", "3600000", `test/campaign/${name}.test.ts`],
    {
      cwd: root,
      env: { ...process.env, RA_CAMPAIGN: "full" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  if (child.exitCode !== 0) failed += 1;
  const told = stdout.split("\n").filter((line) => line.startsWith(`${name}: `));
  const count = /^ (\d+) pass$/m.exec(stderr)?.[1] ?? "0";
  const seconds = Math.round((performance.now() - started) / 1000);
  const end = child.exitCode === 0 ? `${count} tests passed` : "FAILED";
  lines.push("", ...told, `${name}: ${end}, ${seconds} s`);
  if (child.exitCode !== 0) process.stderr.write(stdout + stderr);
}
const text = `${lines.join("\n")}\n`;
process.stdout.write(text);
const version = /\d+(\.\d+)*/.exec(gitVersion())?.[0];
writeFileSync(join(root, "docs", "results", `campaigns-git-${version}.txt`), text);
process.exitCode = failed === 0 ? 0 : 1;

function commit(): string {
  const say = (...args: string[]): string =>
    Bun.spawnSync(["git", ...args], { cwd: root })
      .stdout.toString()
      .trim();
  return `${say("rev-parse", "--short", "HEAD")}${say("status", "--porcelain") === "" ? "" : " and changes"}`;
}

function gitVersion(): string {
  return Bun.spawnSync(["git", "version"]).stdout.toString().trim();
}
