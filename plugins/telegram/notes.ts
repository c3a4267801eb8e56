import * as v from "valibot";
import type { ChannelAccess } from "../../core/plugin/index.ts";

const whole = v.pipe(v.number(), v.safeInteger());
const place = { chat: whole, message: whole };

const draft = v.object({
  /** The message that asked for it. */
  ...place,
  /** The message that shows it; null: not sent yet. */
  shown: v.nullable(whole),
  ask: v.union([
    v.object({
      plan: v.string(),
      params: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
    }),
    v.object({ prompt: v.string() }),
  ]),
});

const board = v.object({
  run: v.string(),
  request: v.nullable(v.string()),
  chat: whole,
  /** Null: not sent yet. */
  message: v.nullable(whole),
  /** True when it shows the end. */
  over: v.boolean(),
});

const gate = v.object({ run: v.string(), gate: v.string(), ...place });

const notes = v.object({
  seen: v.array(whole),
  drafts: v.array(draft),
  boards: v.array(board),
  gates: v.array(gate),
});

/** What somebody asked for and has not started yet. */
export type Draft = v.InferOutput<typeof draft>;
/** The message that shows a run in a chat. */
export type Board = v.InferOutput<typeof board>;
/** A message that shows a question. */
export type GateMessage = v.InferOutput<typeof gate>;

/** How many of each are kept; the oldest go. */
const kept = { seen: 1_000, drafts: 200, boards: 300, gates: 500 };

/** What the channel must know after a restart. */
export class Notes {
  readonly #access: ChannelAccess;
  readonly #all: v.InferOutput<typeof notes>;

  constructor(access: ChannelAccess) {
    this.#access = access;
    const parsed = v.safeParse(notes, access.recall());
    this.#all = parsed.success ? parsed.output : { seen: [], drafts: [], boards: [], gates: [] };
  }

  /** Whether an update was done before. */
  hasSeen(update: number): boolean {
    return this.#all.seen.includes(update);
  }

  see(update: number): void {
    this.#all.seen.push(update);
    this.save();
  }

  /** The draft that a message asked for. */
  draft(chat: number, message: number): Draft | undefined {
    return this.#all.drafts.find((one) => one.chat === chat && one.message === message);
  }

  /** Keeps a draft; one for the same message goes. */
  keepDraft(made: Draft): void {
    const { chat, message } = made;
    const others = this.#all.drafts.filter((one) => one.chat !== chat || one.message !== message);
    this.#all.drafts = [...others, made];
    this.save();
  }

  get boards(): readonly Board[] {
    return this.#all.boards;
  }

  board(chat: number, of: { readonly run: string } | { readonly request: string }) {
    return this.#all.boards.find(
      (one) => one.chat === chat && ("run" in of ? one.run === of.run : one.request === of.request),
    );
  }

  keepBoard(made: Board): void {
    this.#all.boards.push(made);
    this.save();
  }

  dropBoard(gone: Board): void {
    this.#all.boards = this.#all.boards.filter((one) => one !== gone);
    this.save();
  }

  /** The messages that show a question, or the question that a message shows. */
  gates(of: Partial<GateMessage>): readonly GateMessage[] {
    const wanted = Object.entries(of);
    return this.#all.gates.filter((one) =>
      wanted.every(([key, value]) => one[key as keyof GateMessage] === value),
    );
  }

  keepGate(made: GateMessage): void {
    this.#all.gates.push(made);
    this.save();
  }

  dropGate(gone: GateMessage): void {
    this.#all.gates = this.#all.gates.filter((one) => one !== gone);
    this.save();
  }

  /** Writes it down. What cannot be written is told, and holds up nothing. */
  save(): void {
    for (const key of Object.keys(kept) as (keyof typeof kept)[])
      this.#all[key].splice(0, this.#all[key].length - kept[key]);
    try {
      this.#access.note(this.#all);
    } catch (error) {
      this.#access.tell(
        `what it must know after a restart cannot be kept: ${(error as Error).message}`,
      );
    }
  }
}
