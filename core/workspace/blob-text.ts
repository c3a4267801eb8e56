import type { Git } from "./git.ts";

/** Larger files are not read as text, in bytes. */
const textMax = 8 * 1024 * 1024;

/** Paths that one call of git is given: an argument list has a limit. */
const argumentsMax = 300;

/** Programs that read at the same time. */
const readersMax = 8;

/** Texts of files by their ids. What holds a NUL or more than 8 MB is no text and is left out. */
export async function blobTexts(
  control: Git,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return new Map();
  const sizes = await control.run(["cat-file", "--batch-check=%(objectname) %(objectsize)"], {
    input: wanted.map((id) => `${id}\n`).join(""),
  });
  const small = sizes.split("\n").flatMap((line) => {
    const [id, size] = line.split(" ");
    return id && Number(size) <= textMax ? [id] : [];
  });
  const texts = new Map<string, string>();
  for (let at = 0; at < small.length; at += readersMax) {
    await Promise.all(
      small.slice(at, at + readersMax).map(async (id) => {
        const text = await control.run(["cat-file", "blob", id]);
        if (!text.includes("\0")) texts.set(id, text);
      }),
    );
  }
  return texts;
}

/**
 * Texts of some paths of a commit; of a symbolic link, what it points to. A path that is missing there, or is no text,
 * is left out.
 */
export async function textsAt(
  control: Git,
  commit: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const files = (await listTree(control, commit, paths)).filter(({ type }) => type === "blob");
  const texts = await blobTexts(
    control,
    files.map(({ id }) => id),
  );
  return new Map(
    files.flatMap(({ path, id }) => {
      const text = texts.get(id);
      return text === undefined ? [] : [[path, text] as const];
    }),
  );
}

/** An entry of a tree at a path. */
export interface ListedEntry {
  readonly path: string;
  readonly mode: string;
  readonly type: string;
  readonly id: string;
}

/** What a tree or a commit has at some paths. Directories are no entries. */
export async function listTree(
  control: Git,
  tree: string,
  paths: readonly string[],
): Promise<readonly ListedEntry[]> {
  const found: ListedEntry[] = [];
  for (let at = 0; at < paths.length; at += argumentsMax) {
    const wanted = new Set(paths.slice(at, at + argumentsMax));
    // A path that begins with `:` would be read as an instruction to git.
    const env = { GIT_LITERAL_PATHSPECS: "1" };
    const listed = await control.run(["ls-tree", "-r", "-z", tree, "--", ...wanted], { env });
    for (const line of listed.split("\0")) {
      const entry = /^([0-7]{6}) (\w+) ([0-9a-f]+)\t([\s\S]+)$/.exec(line);
      if (entry === null) continue;
      const [, mode, type, id, path] = entry as unknown as [string, string, string, string, string];
      if (wanted.has(path)) found.push({ path, mode, type, id });
    }
  }
  return found;
}
