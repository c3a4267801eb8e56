import { expect, test } from "bun:test";
import { chmodSync, chownSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deleteTree } from "../../core/workspace/deletion.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { root } from "../support/program.ts";

/** Somebody who may not write where the modes say so; root may everywhere. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const canStepDown = !isRoot || Bun.which("setpriv") !== null;

test.skipIf(!canStepDown)("directories that nobody may write to or read go as well", async () => {
  const top = temporaryDirectory();
  const tree = join(top, "tree");
  mkdirSync(join(tree, "closed", "deep"), { recursive: true });
  writeFileSync(join(tree, "closed", "deep", "x"), "");
  symlinkSync(top, join(tree, "link"));
  if (isRoot)
    for (const path of ["", "tree", "tree/closed", "tree/closed/deep", "tree/closed/deep/x"])
      chownSync(join(top, path), nobody, nobody);
  chmodSync(join(tree, "closed", "deep"), 0o000);
  chmodSync(join(tree, "closed"), 0o555);

  if (isRoot) await asNobody(tree);
  else await deleteTree(tree);

  expect([existsSync(tree), existsSync(top)]).toEqual([false, true]);
});

test("what is gone already is fine", async () => {
  const gone = join(temporaryDirectory(), "gone");

  await deleteTree(gone);

  expect(existsSync(gone)).toBe(false);
});

/** Deletes in a process that is not root. The program is bundled first: its sources may be closed to others. */
async function asNobody(tree: string): Promise<void> {
  const file = join(temporaryDirectory(), "delete.js");
  const source = join(root, "core", "workspace", "deletion.ts");
  const built = await Bun.build({ entrypoints: [source], target: "bun" });
  await Bun.write(
    file,
    `${await built.outputs[0]?.text()}\nawait deleteTree(process.argv.at(-1));\n`,
  );
  chmodSync(join(file, ".."), 0o755);
  const steps = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];
  const done = Bun.spawnSync([...steps, process.execPath, file, tree], { cwd: "/", env: {} });
  if (done.exitCode !== 0) throw new Error(done.stderr.toString());
}
