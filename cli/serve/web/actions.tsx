import { ask } from "./session.ts";
import { useAct } from "./told.ts";

/** Lets a run that waits go on, or ends it; each button names the command that does the same. */
export function ContinueOrStop({
  run,
  task,
  isPaused = false,
}: {
  readonly run: string;
  readonly task?: string;
  readonly isPaused?: boolean;
}) {
  const { busy, said, act } = useAct();
  const name = task === undefined ? run : `${run}/${task}`;
  return (
    <p class="actions">
      {isPaused ? (
        <button
          type="button"
          class="allow"
          data-key="a"
          disabled={busy}
          title={`ra continue ${run}`}
          onClick={() => act(() => ask(`/api/runs/${run}/continue`, {}).then(() => "It goes on."))}
        >
          Continue
        </button>
      ) : null}
      <button
        type="button"
        class="refuse"
        data-key="d"
        disabled={busy}
        title={`ra stop ${name}`}
        onClick={() =>
          act(() =>
            ask(`/api/runs/${run}/stop`, task === undefined ? {} : { task }).then(
              () => "It is being ended; its work is kept.",
            ),
          )
        }
      >
        Stop
      </button>
      {said === null ? null : <span role="status">{said}</span>}
    </p>
  );
}
