import type { ChannelAccess, ChannelRequestState } from "../../core/plugin/index.ts";
import { type Bot, BotError, pause } from "./bot.ts";
import type { Board, Notes } from "./notes.ts";
import { requestView, runView, type View } from "./run-view.ts";

/** The wait after a first failure and the longest one, in milliseconds; it doubles. */
const waitMs = 1_000;
const waitMaxMs = 60_000;

/** What is known of a message since the start. */
interface Seen {
  /** Something has happened since it was written. */
  stale: boolean;
  /** When it was written last. */
  at: number;
  /** What it shows. */
  shown: string;
}

/** The messages that show runs: one for each run and chat, written anew when something happens, not more often than the pace. */
export class Boards {
  readonly #bot: Bot;
  readonly #notes: Notes;
  readonly #paceMs: number;
  readonly #seen = new Map<Board, Seen>();
  #isTouched = false;
  #wake = (): void => {};

  constructor(bot: Bot, notes: Notes, paceMs: number) {
    this.#bot = bot;
    this.#notes = notes;
    this.#paceMs = paceMs;
  }

  /** Has a run shown in a chat from now on: in a message that is there, or a new one. Shown there already, it stays. */
  open(board: Omit<Board, "over">): void {
    const { chat, run, request } = board;
    const known =
      this.#notes.board(chat, { run }) ??
      (request === null ? undefined : this.#notes.board(chat, { request }));
    if (known === undefined) this.#notes.keepBoard({ ...board, over: false });
    this.touch(run);
  }

  /** Something has happened to a run. */
  touch(run: string): void {
    for (const board of this.#notes.boards) {
      if (board.run === run) this.#seenOf(board).stale = true;
    }
    this.#isTouched = true;
    this.#wake();
  }

  /** Writes what is stale until the signal aborts. Never throws: trouble is told once for each time that it begins. */
  async keep(signal: AbortSignal, access: ChannelAccess): Promise<void> {
    let wait = waitMs;
    while (!signal.aborted) {
      try {
        const next = await this.#writeStale(signal, access);
        wait = waitMs;
        await this.#rest(next, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (wait === waitMs) access.tell((error as Error).message);
        await pause(wait, signal).catch(() => {});
        wait = Math.min(2 * wait, waitMaxMs);
      }
    }
  }

  /** Writes what may be written now. Gives the wait for what may not. */
  async #writeStale(signal: AbortSignal, access: ChannelAccess): Promise<number> {
    this.#isTouched = false;
    let next = Number.POSITIVE_INFINITY;
    for (const board of [...this.#notes.boards]) {
      const seen = this.#seenOf(board);
      if (!seen.stale) continue;
      const left = seen.at + this.#paceMs - performance.now();
      if (left <= 0) await this.#write(board, seen, signal, access);
      if (seen.stale) next = Math.min(next, left <= 0 ? this.#paceMs : left);
    }
    return next;
  }

  async #write(
    board: Board,
    seen: Seen,
    signal: AbortSignal,
    access: ChannelAccess,
  ): Promise<void> {
    seen.stale = false;
    try {
      const view = await this.#look(board, seen, access);
      if (view === null) return;
      const { words, buttons } = view;
      const shown = JSON.stringify(view);
      if (shown !== seen.shown) {
        seen.at = performance.now();
        if (board.message === null) {
          board.message = await this.#bot.send(
            board.chat,
            words,
            { buttons, silent: true },
            signal,
          );
        } else if (!(await this.#bot.edit(placeOf(board), words, buttons, signal))) {
          // Whoever took the message away does not want it.
          this.#drop(board);
          return;
        }
        seen.at = performance.now();
        seen.shown = shown;
      }
      if (!seen.stale && buttons.length === 0) board.over = true;
      this.#notes.save();
    } catch (error) {
      if (error instanceof BotError && error.kind === "refused") {
        // A chat that has gone, or that has shut the bot out.
        this.#drop(board);
        access.tell(`chat ${board.chat} takes nothing: ${error.message}`);
        return;
      }
      seen.stale = true;
      throw error;
    }
  }

  #drop(board: Board): void {
    this.#seen.delete(board);
    this.#notes.dropBoard(board);
  }

  async #look(board: Board, seen: Seen, access: ChannelAccess): Promise<View | null> {
    const request = requestOf(board.request, access);
    // Its run may have got another name when it started.
    if (request !== null) board.run = request.run;
    const state = await access.run(board.run);
    if (state !== null && (request === null || state.requestId === request.id))
      return runView(state, request);
    if (request === null) return null;
    // Nothing tells of requests that wait: they are looked at again.
    const isOpen = request.status === "queued" || request.status === "running";
    seen.stale ||= isOpen;
    return requestView(request);
  }

  /** Those of earlier times are stale until they have shown the end. */
  #seenOf(board: Board): Seen {
    const known = this.#seen.get(board);
    if (known !== undefined) return known;
    const made = { stale: !board.over, at: Number.NEGATIVE_INFINITY, shown: "" };
    this.#seen.set(board, made);
    return made;
  }

  #rest(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = Number.isFinite(ms) ? setTimeout(done, Math.max(0, ms)) : undefined;
      this.#wake = done;
      signal.addEventListener("abort", done);
      // It may have come between the last look and now.
      if (signal.aborted || this.#isTouched) done();
    });
  }
}

/** The request that a run came of; null where there is none. */
export function requestOf(id: string | null, access: ChannelAccess): ChannelRequestState | null {
  return id === null ? null : access.request(id);
}

function placeOf({ chat, message }: Board): { readonly chat: number; readonly message: number } {
  return { chat, message: message ?? 0 };
}
