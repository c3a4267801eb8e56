import { common, createLowlight } from "lowlight";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Diff, type FileData, Hunk, type HunkTokens, parseDiff, tokenize } from "react-diff-view";
import { spelledOut } from "../../../core/plain-text.ts";
import { ask } from "./session.ts";
import { Trouble } from "./words.tsx";

const lowlight = createLowlight(common);

/** Lines of a file that are coloured, and files that are open at first. */
const coloredMax = 3_000;
const openMax = 20;

interface Told {
  readonly steps: readonly {
    readonly patch: string;
    readonly bytes: number;
    readonly cut: boolean;
  }[];
}

/** What a task, or one attempt of it, changed. */
export function TaskDiff({
  run,
  task,
  attempt,
  version,
}: {
  readonly run: string;
  readonly task: string;
  /** Null: the one that counts. */
  readonly attempt: number | null;
  /** Changes when there may be other changes. */
  readonly version: string;
}) {
  const of = attempt === null ? "" : `/attempts/${attempt}`;
  const path = `/api/runs/${run}/tasks/${task}${of}/diff`;
  const [value, setValue] = useState<Told | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  // Not at each pulse: it may be large, and changes but when an attempt ends or lands.
  useEffect(() => {
    setTrouble(null);
    ask<Told>(path).then(setValue, (error: Error) => setTrouble(error.message));
  }, [path, version]);
  const [isSplit, setSplit] = useState(false);
  const patch = value?.steps.map((step) => step.patch).join("") ?? "";
  const files = useMemo(() => parsed(patch), [patch]);
  if (value === null) return trouble === null ? null : <p class="empty">{trouble}</p>;
  const count = files?.length ?? 0;
  return (
    <>
      <p class="actions">
        <span>
          {count} {count === 1 ? "file" : "files"}
        </span>
        <button
          type="button"
          class="wide-only"
          aria-pressed={isSplit}
          onClick={() => setSplit(!isSplit)}
        >
          Side by side
        </button>
        <button type="button" onClick={() => void navigator.clipboard.writeText(patch)}>
          Copy as a patch
        </button>
      </p>
      {value.steps.some(({ cut }) => cut) ? (
        <Trouble>
          It is cut: <code>ra diff {`${run}/${task}`}</code> has all of it.
        </Trouble>
      ) : null}
      {files === null ? (
        <pre class="text">{seen(patch)}</pre>
      ) : (
        files.map((file, i) => (
          <File
            key={`${file.oldPath} ${file.newPath}`}
            file={file}
            isSplit={isSplit}
            isOpen={i < openMax}
          />
        ))
      )}
    </>
  );
}

function File({
  file,
  isSplit,
  isOpen,
}: {
  readonly file: FileData;
  readonly isSplit: boolean;
  readonly isOpen: boolean;
}) {
  const { type, hunks, oldPath, newPath } = file;
  const [open, setOpen] = useState(isOpen);
  const path = type === "delete" ? oldPath : newPath;
  const changes = hunks.flatMap((hunk) => hunk.changes);
  const added = changes.filter((change) => change.type === "insert").length;
  const removed = changes.filter((change) => change.type === "delete").length;
  const tokens = useMemo(
    () => (open && changes.length <= coloredMax ? tokensOf(file, path) : null),
    [file, open],
  );
  return (
    <details class="file" open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary data-item>
        <b>{path}</b> <span class="good">+{added}</span> <span class="bad">−{removed}</span>{" "}
        {type === "modify" ? "" : type}
        {type === "rename" ? ` from ${oldPath}` : ""}
      </summary>
      {hunks.length === 0 ? (
        <p class="facts">{file.isBinary ? "It is not text." : "Its content is as it was."}</p>
      ) : null}
      {open ? (
        <Diff
          viewType={isSplit ? "split" : "unified"}
          diffType={type}
          hunks={hunks}
          tokens={tokens}
          gutterType="default"
        >
          {(all) => all.map((hunk) => <Hunk key={hunk.content} hunk={hunk} />)}
        </Diff>
      ) : null}
    </details>
  );
}

/** Null: it is not written as this library reads it; it is shown as it is. */
function parsed(patch: string): FileData[] | null {
  try {
    return parseDiff(seen(patch), { nearbySequences: "zip" });
  } catch {
    return null;
  }
}

/** What cannot be seen, or turns the direction of text, is written out: a reviewer must see what there is. */
function seen(text: string): string {
  return spelledOut(text, (code) => `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`);
}

/** Colours by the language that the ending of the name tells; none for one that is not known. */
function tokensOf({ hunks }: FileData, path: string): HunkTokens | null {
  const language = /([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  if (!lowlight.registered(language)) return null;
  const refractor = {
    highlight: (code: string, name: string) => lowlight.highlight(name, code).children,
  };
  try {
    return tokenize([...hunks], { highlight: true, refractor, language });
  } catch {
    return null;
  }
}
