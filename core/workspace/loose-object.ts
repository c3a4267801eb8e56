import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { type Identity, zone } from "./identity.ts";

/** What a commit is made of. */
export interface CommitContent {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly who: Identity;
  /** Seconds since the epoch. */
  readonly date: number;
  readonly message: string;
}

/**
 * Writes a commit as a loose object below a directory of objects and gives its id. Nothing is flushed to disk: for a
 * store that is thrown away after a crash. The form is that of `git help format-loose`, the hash follows the ids given.
 */
export function writeCommit(objects: string, commit: CommitContent): string {
  const content = Buffer.from(commitText(commit));
  const object = Buffer.concat([Buffer.from(`commit ${content.length}\0`), content]);
  const hash = commit.tree.length === 64 ? "sha256" : "sha1";
  const id = createHash(hash).update(object).digest("hex");
  const dir = join(objects, id.slice(0, 2));
  const path = join(dir, id.slice(2));
  if (existsSync(path)) return id;
  mkdirSync(dir, { recursive: true });
  const draft = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  // Some hundred bytes: a turn of the event loop for each step would take longer than the steps.
  writeFileSync(draft, deflateSync(object, { level: 1 }), { mode: 0o444 });
  renameSync(draft, path);
  return id;
}

function commitText({ tree, parents, who, date, message }: CommitContent): string {
  const signed = `${who.name} <${who.email}> ${date} ${zone(new Date(date * 1000))}`;
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${signed}`,
    `committer ${signed}`,
  ];
  return `${lines.join("\n")}\n\n${message.endsWith("\n") ? message : `${message}\n`}`;
}
