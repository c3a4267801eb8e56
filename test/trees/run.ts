import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { probeCgroup } from "../../core/process/cgroup-probe.ts";
import type { CustodyMode } from "../../core/process/custody.ts";
import { cleanUp } from "../support/leftovers.ts";
import { root } from "../support/program.ts";
import { endings, playTrees } from "./campaign.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "100" },
    mode: { type: "string" },
    record: { type: "boolean" },
  },
});

const commit = Bun.spawnSync(["git", "describe", "--always", "--dirty"], { cwd: root });
const lines = [
  "Hostile process trees: what is left of them by /proc/*/cmdline, without a later start of ra.",
  `commit ${commit.stdout.toString().trim()}, ${new Date().toISOString().slice(0, 10)}`,
  "",
  "mode    ending               trees  processes seen  survivors  last gone after",
];
for (const line of lines) console.log(line);

let isWrong = false;
const modes: readonly CustodyMode[] = probeCgroup().usable ? ["cgroup", "shim"] : ["shim"];
for (const mode of modes.filter((one) => one === (values.mode ?? one))) {
  for (const ending of endings) {
    const { trees, seen, survivors, goneMs } = await playTrees(mode, ending, Number(values.count));
    await cleanUp();
    isWrong ||= survivors > 0;
    const cells = [
      mode.padEnd(7),
      ending.padEnd(18),
      String(trees).padStart(7),
      String(seen).padStart(15),
      String(survivors).padStart(10),
      `${goneMs} ms`.padStart(16),
    ];
    const line = cells.join(" ");
    console.log(line);
    lines.push(line);
  }
}
if (values.record) {
  const directory = join(root, "docs", "results");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "trees.txt"), `${lines.join("\n")}\n`);
}
process.exit(isWrong ? 1 : 0);
