import { useEffect, useRef } from "preact/hooks";
import { Some } from "./some.tsx";

/** What would be taken back, the newest commit first. */
export interface Foreseen {
  readonly target: string;
  readonly commits: readonly {
    readonly commit: string;
    readonly subject: string;
  }[];
}

/** What would happen, as the command tells it with `--dry-run`, and a question whether it shall. */
export function Confirm({
  deed: { name, command },
  foreseen: { target, commits },
  onEnd,
}: {
  readonly deed: { readonly name: string; readonly command: string };
  readonly foreseen: Foreseen;
  readonly onEnd: (isWanted: boolean) => void;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => ref.current?.showModal(), []);
  const count = commits.length === 1 ? "1 commit" : `${commits.length} commits`;
  return (
    <dialog
      ref={ref}
      class="confirm"
      aria-labelledby="confirm"
      onClose={({ currentTarget }) => onEnd(currentTarget.returnValue === "yes")}
    >
      <form method="dialog">
        <h2 id="confirm">
          {name}: {count} on <code>{target}</code>
        </h2>
        <Some of={commits}>
          {(shown) => (
            <ul class="rows">
              {shown.map(({ commit, subject }) => (
                <li key={commit}>
                  <code>{commit.slice(0, 7)}</code> {subject}
                </li>
              ))}
            </ul>
          )}
        </Some>
        <p class="facts">
          One revert for each, newest first, checked before they land together; nothing changes
          where one cannot. <code>{command}</code>
        </p>
        <p class="actions">
          <button type="submit" value="no">
            Cancel
          </button>
          <button type="submit" value="yes" class="refuse">
            {name}
          </button>
        </p>
      </form>
    </dialog>
  );
}
