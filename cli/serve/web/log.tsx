import { useEffect, useRef, useState } from "preact/hooks";
import { block } from "../../../core/plain-text.ts";
import { ask } from "./session.ts";
import { Trouble } from "./words.tsx";

/** Bytes from the end that are shown at first, characters that are kept on the page, and how often there is a look for more. */
const firstBytes = 256 * 1024;
const keptMax = 2_000_000;
const lookMs = 2_000;
const againMs = 3_000;

interface Told {
  readonly next: number;
  readonly size: number;
  readonly open: boolean;
  readonly text: string;
}

/** What an attempt printed, what it was told, or what the first try of its check printed. */
export interface Printer {
  readonly run: string;
  readonly task: string;
  readonly attempt: number;
  readonly of?: "log" | "prompt" | "checks/1/log";
}

/** What was printed as far as it is on the page; `isWhole` false: it begins later than the log. */
interface Printed {
  readonly text: string;
  readonly isWhole: boolean;
  readonly trouble: string | null;
}

/** What something prints, as it grows. */
export function useLog({ run, task, attempt, of = "log" }: Printer): Printed {
  const [text, setText] = useState("");
  const [isWhole, setWhole] = useState(true);
  const [trouble, setTrouble] = useState<string | null>(null);
  const path = `/api/runs/${run}/tasks/${task}/attempts/${attempt}/${of}`;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isWanted = true;
    const look = async (offset: number): Promise<void> => {
      const told = await ask<Told>(`${path}?offset=${offset}`);
      if (!isWanted) return;
      if (offset < 0) setWhole(told.size <= firstBytes);
      if (told.text !== "") setText((last) => (last + block(told.text)).slice(-keptMax));
      const isBehind = told.next < told.size && told.text !== "";
      if (told.open || isBehind) timer = setTimeout(() => next(told.next), isBehind ? 0 : lookMs);
    };
    const next = (offset: number): void => {
      look(offset).then(
        () => setTrouble(null),
        (error: Error) => {
          if (!isWanted) return;
          setTrouble(error.message);
          timer = setTimeout(() => next(offset), againMs);
        },
      );
    };
    setText("");
    next(-firstBytes);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [path]);
  return { text, isWhole, trouble };
}

/** Keeps the end of what grows in view, until somebody scrolls up; `toEnd` goes on with it. */
export function useEnd<T extends HTMLElement>(text: unknown) {
  const ref = useRef<T>(null);
  const [isFollowing, follow] = useState(true);
  const toEnd = (): void => {
    const box = ref.current;
    if (box !== null) box.scrollTop = box.scrollHeight;
    follow(true);
  };
  // More text is what moves the end.
  useEffect(() => {
    if (isFollowing) toEnd();
  }, [text]);
  const onScroll = (): void => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = ref.current ?? {};
    follow(scrollHeight - scrollTop - clientHeight < 40);
  };
  return { box: { ref, onScroll }, isFollowing, toEnd };
}

/** What grows goes on out of sight: this leads back to its end. */
export function Follow({
  end: { isFollowing, toEnd },
}: {
  readonly end: Pick<ReturnType<typeof useEnd>, "isFollowing" | "toEnd">;
}) {
  if (isFollowing) return null;
  return (
    <button type="button" class="follow" onClick={toEnd}>
      Follow the end
    </button>
  );
}

/** What was printed, with the lines that hold some words. */
export function LogView(printer: Printer) {
  const { run, task } = printer;
  const { text, isWhole, trouble } = useLog(printer);
  const [words, setWords] = useState("");
  const end = useEnd<HTMLPreElement>(text);
  const wanted = words.toLowerCase();
  const shown =
    wanted === ""
      ? text
      : text
          .split("\n")
          .filter((one) => one.toLowerCase().includes(wanted))
          .join("\n");
  return (
    <>
      {trouble === null ? null : <Trouble>{trouble}</Trouble>}
      <input
        type="search"
        placeholder="lines with"
        aria-label="lines with"
        value={words}
        onInput={({ currentTarget }) => setWords(currentTarget.value)}
      />
      {isWhole ? null : (
        <p class="facts">
          The last 256 KB;{" "}
          <code>
            ra logs {run}/{task}
          </code>{" "}
          has all.
        </p>
      )}
      <pre {...end.box} class="log" role="log" tabIndex={0} aria-label="output">
        {shown === "" ? "Nothing was printed." : shown}
      </pre>
      <Follow end={end} />
    </>
  );
}
