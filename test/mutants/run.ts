import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../support/program.ts";
import { trackedFiles } from "../support/source.ts";
import type { Mutant } from "./mutant.ts";
import { mutants } from "./mutants.ts";

/*
 * Plants each bug in a copy of the tree and asks whether it is caught: `bun test/mutants/run.ts`. `--only WORDS` plants those
 * whose name has the words; `--record` writes the result to docs/results/mutants.txt.
 */

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    seeds: { type: "string", default: "1500" },
    record: { type: "boolean", default: false },
  },
});

const top = mkdtempSync(join(tmpdir(), "ra-mutants-"));
const lines: string[] = [];
let missed = 0;
try {
  for (const path of trackedFiles()) cpSync(join(root, path), join(top, path), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(top, "node_modules"));
  for (const mutant of mutants.filter(({ name }) => name.includes(values.only))) {
    const by = plant(mutant);
    if (by === null) missed += 1;
    lines.push(`${by === null ? "MISSED" : "caught"}  ${mutant.name} (${mutant.file})`);
    lines.push(`        ${by ?? `by nothing of ${mutant.tests?.join(", ") ?? "the simulation"}`}`);
    process.stdout.write(`${lines.slice(-2).join("\n")}\n`);
  }
} finally {
  rmSync(top, { recursive: true, force: true });
}
const commit = Bun.spawnSync(["git", "rev-parse", "--short", "HEAD"], { cwd: root }).stdout;
const count = lines.length / 2;
const head = `commit ${commit.toString().trim()}: ${count - missed} of ${count} planted bugs are caught`;
process.stdout.write(`${head}\n`);
if (values.record) {
  writeFileSync(
    join(root, "docs", "results", "mutants.txt"),
    `${[head, "", ...lines].join("\n")}\n`,
  );
}
process.exitCode = missed > 0 ? 1 : 0;

/** What caught a bug; null when nothing did. */
function plant({ file, text, replacement, tests }: Mutant): string | null {
  const path = join(top, file);
  const whole = readFileSync(path, "utf8");
  writeFileSync(
    path,
    whole.replace(text, () => replacement),
  );
  try {
    const simulation = ["test/simulation/run.ts", "--seeds", values.seeds, "--most", "1"];
    const args = tests === null ? simulation : ["test", "--timeout", "60000", ...tests];
    const child = Bun.spawnSync([process.execPath, ...args], {
      cwd: top,
      env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
      stdin: "ignore",
      timeout: 300_000,
    });
    if (child.exitCode === 0) return null;
    const said = `${child.stdout}${child.stderr}`;
    const first = /^(seed \d+: .*|\(fail\) .*)$/m.exec(said)?.[1];
    return first?.slice(0, 160) ?? `exit ${child.exitCode}: ${said.trim().split("\n").at(-1)}`;
  } finally {
    writeFileSync(path, whole);
  }
}
