import { appendFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Result } from "../../core/dispatch/result.ts";
import type { Verify } from "../../core/dispatch/trial.ts";
import type { Verdict } from "../../core/dispatch/verify.ts";
import { findPlace } from "../../core/workspace/place.ts";
import { openRepository } from "../../core/workspace/repository.ts";
import type { ChangedPath, Repository } from "../../core/workspace/workspace.ts";
import { makeTask } from "../support/rig.ts";
import { type ObjectFormat, ObjectStore } from "./object-store.ts";
import { PlainGit, plainEnvironment } from "./plain-git.ts";

/** A bare repository for a campaign, with objects written by hand and git on two sides of it. */
export interface Scratch {
  /** Where everything of it is. */
  readonly top: string;
  readonly gitDir: string;
  readonly store: ObjectStore;
  readonly plain: PlainGit;
  /** The environment `ra` is given. */
  readonly env: Record<string, string>;
  /** The product's own repository. */
  open(): Promise<Repository>;
}

/** Makes it below an empty directory. */
export async function makeScratch(
  top: string,
  options: { readonly format?: ObjectFormat } = {},
): Promise<Scratch> {
  const { format = "sha1" } = options;
  const gitDir = join(top, "project.git");
  const home = join(top, "home");
  const plain = new PlainGit(gitDir, home);
  await plain.run(["init", "-q", "--bare", `--object-format=${format}`, "-b", "main", gitDir]);
  const settings = { "user.name": "Ada", "user.email": "ada@example.com" };
  let config = `[core]\n\tlogAllRefUpdates = always\n[user]\n`;
  for (const [name, value] of Object.entries(settings)) {
    config += `\t${name.slice("user.".length)} = ${value}\n`;
  }
  appendFileSync(join(gitDir, "config"), config);
  const env = { ...plainEnvironment(home), RA_WORKSPACES: join(top, "workspaces") };
  return {
    top,
    gitDir,
    store: new ObjectStore(join(gitDir, "objects"), format),
    plain,
    env,
    open: () => openRepository(findPlace(gitDir), { env }),
  };
}

/** What a check says: null when it passed, else why not. */
export function checked(complaint: string | null): Verdict {
  return { complaint, notes: [] };
}

/** A check that always passes. */
export const passing: Verify = async () => checked(null);

/** Copies a directory as it is. */
export function copyTree(from: string, to: string): void {
  cpSync(from, to, { recursive: true, preserveTimestamps: true });
}

/** Makes a loose ref, as a snapshot of a workspace does by git. */
export function writeRef(gitDir: string, ref: string, commit: string): void {
  const path = join(gitDir, ref);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${commit}\n`);
}

/** What a task left, as the crew hands it to a chain. */
export function resultOf(input: {
  readonly id: string;
  readonly base: string;
  readonly commit: string;
  readonly paths: readonly string[];
  readonly verify?: string | null;
}): Result {
  const changes = input.paths.map((path): ChangedPath => ({ path, change: "modified" }));
  const task = makeTask(input.id, { verify: input.verify ?? null });
  const { base, commit } = input;
  return { task, attempt: 1, runner: "shell", base, commit, changes };
}
