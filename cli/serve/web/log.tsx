import { useEffect, useRef, useState } from "preact/hooks";
import { block } from "../../../core/plain-text.ts";
import { ask } from "./session.ts";
import { Trouble } from "./words.tsx";

/** Bytes from the end that are shown at first, characters that are kept on the page, and how often there is a look for more. */
const firstBytes = 256 * 1024;
const keptMax = 2_000_000;
const lookMs = 1_000;

interface Told {
  readonly next: number;
  readonly size: number;
  readonly open: boolean;
  readonly text: string;
}

/** What an attempt or its check printed, as it grows; the end stays in view until somebody scrolls up. */
export function LogView({
  run,
  task,
  attempt,
  isCheck = false,
}: {
  readonly run: string;
  readonly task: string;
  readonly attempt: number;
  readonly isCheck?: boolean;
}) {
  const [text, setText] = useState("");
  const [isWhole, setWhole] = useState(true);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [words, setWords] = useState("");
  const box = useRef<HTMLPreElement>(null);
  const isAtEnd = useRef(true);
  const path = `/api/runs/${run}/tasks/${task}/attempts/${attempt}/${isCheck ? "checks/1/" : ""}log`;
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
      look(offset).catch((error: Error) => isWanted && setTrouble(error.message));
    };
    setText("");
    next(-firstBytes);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [path]);
  // More text is what moves the end.
  useEffect(() => {
    const element = box.current;
    if (element !== null && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [text]);
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
      <pre
        ref={box}
        class="log"
        role="log"
        tabIndex={0}
        aria-label="output"
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < 40;
        }}
      >
        {shown === "" ? "Nothing was printed." : shown}
      </pre>
    </>
  );
}
