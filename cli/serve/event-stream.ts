import { jsonText } from "../../core/plain-text.ts";
import { outward } from "../event-line.ts";
import type { Feed } from "./feed.ts";

/** Events of one turn, and how often a silent stream says that it is there, in milliseconds. */
const turnMax = 100;
const silenceMs = 15_000;

/**
 * The log as server-sent events from a place on, `run` null: of all runs. Each has its `seq` as id, so that a reader who was cut
 * off goes on behind it. Nothing is read before the reader has taken what came before. The first bytes come at once: by them a
 * reader knows that it is connected.
 */
export function eventStream(feed: Feed, after: number, run: string | null): ReadableStream {
  const encoder = new TextEncoder();
  let place = after;
  let isNew = true;
  let stop = (): void => {};
  return new ReadableStream(
    {
      async pull(controller) {
        let events = feed.after(place, run, turnMax);
        if (events.length === 0 && !isNew) {
          await more(feed, (leave) => {
            stop = leave;
          });
          events = feed.after(place, run, turnMax);
        }
        isNew = false;
        const lines = events.map(
          (event) =>
            `id: ${event.seq}\nevent: ${event.type}\ndata: ${jsonText(outward(event))}\n\n`,
        );
        place = events.at(-1)?.seq ?? place;
        controller.enqueue(encoder.encode(lines.length === 0 ? ":\n\n" : lines.join("")));
      },
      cancel: () => stop(),
    },
    { highWaterMark: 0 },
  );
}

/** Resolves when there may be more, after a while of silence, or when nobody reads any more. */
function more(feed: Feed, onStop: (leave: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      leave();
      resolve();
    };
    const timer = setTimeout(done, silenceMs);
    const leave = feed.onMore(done);
    onStop(done);
  });
}

/** The place that `Last-Event-ID` names; null when it names none. */
export function placeOf(id: string | null): number | null {
  return id !== null && /^\d{1,15}$/.test(id) ? Number(id) : null;
}
