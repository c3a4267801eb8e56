import {
  chmodSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import {
  type Channel,
  type ChannelAccess,
  type Event,
  oneLine,
  type RunState,
} from "../core/plugin/index.ts";

/** What an outbox needs. */
export interface OutboxSettings {
  /** The file, which the bot reads: an absolute path. */
  readonly file: string;
}

/** One message as the bot reads it. It sets `sent` once it has passed it on. */
interface Message {
  readonly id: string;
  readonly timestamp: string;
  readonly from: "agent";
  readonly text: string;
  readonly reply_markup?: object;
  readonly sent: boolean;
}

/** Messages that the file holds at most. Those that were sent go first, then the oldest. */
const messagesMax = 500;

/** Longest text, in characters; beyond 4,096 the bot sends files. */
const textMax = 3_500;

/** How long the bot may need to write what it has read, in milliseconds, and how often it may have the last word. */
const settleMs = 40;
const triesMax = 5;

/** The buttons of the bot by which it writes the continue file of a dispatch file. */
const steps = {
  inline_keyboard: [
    [
      { text: "Next Task", callback_data: "ep_continue" },
      { text: "Stop", callback_data: "ep_stop" },
    ],
  ],
};

/** Messages for the bot of Remote Antigravity, in the JSON file that it reads. */
class Outbox implements Channel {
  readonly name = "outbox";
  readonly wants = [
    ...(["run.started", "run.paused", "run.finished", "task.finished"] as const),
    ...(["attempt.started", "question.asked"] as const),
  ];
  readonly #file: string;

  constructor({ file }: OutboxSettings) {
    this.#file = file;
  }

  async deliver(event: Event, signal: AbortSignal, access: ChannelAccess): Promise<void> {
    const state = await access.run(event.run);
    const text = state === null ? null : textOf(event, state);
    if (text === null) return;
    const isStep = event.type === "run.paused" && state?.plan.format === "dispatch";
    const message: Message = {
      id: `ra_${event.seq}`,
      timestamp: event.at,
      from: "agent",
      text: text.slice(0, textMax),
      ...(isStep ? { reply_markup: steps } : {}),
      sent: false,
    };
    for (let i = 0; i < triesMax; i++) {
      if (this.#put(message)) return;
      // The bot writes the whole file, too: what came between its look and its word would be gone.
      await pause(settleMs, undefined, { signal });
    }
    if (!this.#put(message)) throw new Error("another program writes its file all the time");
  }

  /** True when the message was there already; else it is now. Throws when the file is none of the bot's. */
  #put(message: Message): boolean {
    const { content, messages } = this.#read();
    if (messages.some(({ id }) => id === message.id)) return true;
    const all = bounded([...messages, message]);
    replace(this.#file, `${JSON.stringify({ ...content, messages: all }, null, 2)}\n`);
    return false;
  }

  #read(): { readonly content: object; readonly messages: readonly Partial<Message>[] } {
    let text: string;
    try {
      text = readFileSync(this.#file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return { content: {}, messages: [] };
      throw error;
    }
    const content = parse(text);
    // Whatever it is, it is not ours to write over.
    if (content === null) throw new Error(`\`${this.#file}\` is no outbox: it has no \`messages\``);
    return { content, messages: content.messages };
  }
}

function parse(text: string): { readonly messages: readonly Partial<Message>[] } | null {
  try {
    const content = JSON.parse(text) as { messages?: unknown };
    return Array.isArray(content?.messages) ? { ...content, messages: content.messages } : null;
  } catch {
    return null;
  }
}

function bounded(messages: readonly Partial<Message>[]): readonly Partial<Message>[] {
  let excess = messages.length - messagesMax;
  if (excess <= 0) return messages;
  const unsent = messages.filter(({ sent }) => {
    const goes = sent === true && excess > 0;
    if (goes) excess -= 1;
    return !goes;
  });
  return unsent.slice(-messagesMax);
}

/** Readers see the old text or the new one. A link stays a link, and the mode stays what it was. */
function replace(path: string, text: string): void {
  const known = statSync(path, { throwIfNoEntry: false });
  const file = known === undefined ? path : realpathSync(path);
  const draft = `${file}.ra-${process.pid}`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    if (known !== undefined) chmodSync(draft, known.mode & 0o7777);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** What people are told; null: nothing. */
function textOf(event: Event, state: RunState): string | null {
  const { name, tasks } = state;
  const run = `${oneLine(name, 80)} (${event.run})`;
  const all = [...tasks.values()];
  const progress = `${all.filter(({ status }) => status === "done").length} of ${all.length} done`;
  switch (event.type) {
    case "run.started":
      return `${run} has started: ${all.length} ${all.length === 1 ? "task" : "tasks"}`;
    case "attempt.started": {
      const doer = event.model === null ? event.runner : `${event.runner}, ${event.model}`;
      const again = event.attempt > 1 ? `, attempt ${event.attempt}` : "";
      return `Task ${event.task}: ${descriptionOf(state, event.task)}\n${doer}${again}; ${progress}`;
    }
    case "task.finished": {
      const { error, because } = event;
      const why = error ? `: ${error.kind}: ${oneLine(error.message, 500)}` : "";
      const skipped = because === undefined ? "" : ` because of ${because}`;
      return `Task ${event.task} is ${event.status}${skipped}${why}\n${run}: ${progress}`;
    }
    case "run.paused":
      return `${run} waits: ${progress}. Go on? \`ra continue ${event.run}\`, or \`ra stop ${event.run}\``;
    case "question.asked":
      return `Task ${event.task} asks: ${oneLine(event.text, 1_000)}\n\`ra answer ${event.gate}\``;
    case "run.finished":
      return `${run} has ended: ${event.status}, ${progress}`;
    default:
      return null;
  }
}

function descriptionOf({ tasks }: RunState, id: string): string {
  return oneLine(tasks.get(id)?.task.description ?? "", 300);
}

/** An outbox of the user's. */
export default function outbox(settings: OutboxSettings): Channel {
  return new Outbox(settings);
}
