import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { version } from "../package.json";

/** Runs every measurement, one after the other, and keeps what they print in `docs/results/`. Needs `npm run build`. */
const measurements = [
  "startup",
  "many-tasks",
  "shapes",
  "scale",
  "landing",
  "foresight",
  "resources",
  "gateway",
];
const results = join(import.meta.dir, "..", "docs", "results");
const today = new Date().toISOString().slice(0, 10);

let kept = "";
say(`ra ${version}, Bun ${Bun.version}, ${today}\n${machine()}\n`);
for (const name of measurements) {
  say(`\n== ${name}, load ${load()}\n\n`);
  const child = Bun.spawn([process.execPath, join(import.meta.dir, `${name}.ts`)], {
    stdin: "ignore",
    stderr: "inherit",
  });
  for await (const chunk of child.stdout) say(new TextDecoder().decode(chunk));
  if ((await child.exited) !== 0) throw new Error(`${name} failed`);
}
say(`\nload at the end ${load()}\n`);
mkdirSync(results, { recursive: true });
writeFileSync(join(results, `${today}.txt`), kept);

function say(text: string): void {
  process.stdout.write(text);
  kept += text;
}

function machine(): string {
  const all = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${all.length} x ${all[0]?.model.trim()}, ${memory} GiB, ${process.platform} ${release()}`;
}

function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}
