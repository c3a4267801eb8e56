import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const directories = new Set<string>();
const cleanups: (() => void | Promise<void>)[] = [];

/** A directory of the test's own, removed after the test. */
export function temporaryDirectory(name = "ra-test"): string {
  const path = mkdtempSync(join(tmpdir(), `${name}-`));
  directories.add(path);
  return path;
}

/** Runs after the test, last registered first, before the directories go. */
export function onTestEnd(cleanup: () => void | Promise<void>): void {
  cleanups.push(cleanup);
}

/** After each test: runs the clean-ups and removes the directories. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  for (const path of directories) rmSync(path, { recursive: true, force: true });
}

/** After each file: fails when a directory of a test still stands. */
export function checkNothingLeft(): void {
  const left = [...directories].filter((path) => existsSync(path));
  directories.clear();
  if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
}
