import type { ChannelAccess, Event, RunState } from "../../core/plugin/index.ts";
import { requestOf } from "./boards.ts";
import { type Bot, BotError } from "./bot.ts";
import type { Notes } from "./notes.ts";
import {
  type PlacedQuestion,
  questionButtons,
  questionIn,
  questionWords,
} from "./question-view.ts";
import { conflictWords, endWords } from "./run-view.ts";
import { type Words, words } from "./words.ts";

/** What a report needs. */
export interface ReportParts {
  readonly bot: Bot;
  readonly notes: Notes;
  readonly access: ChannelAccess;
  readonly signal: AbortSignal;
  /** The chats that are told of the run. */
  readonly chats: readonly number[];
}

/** Tells what a person must know at once, each in a message of its own: questions, conflicts, ends. */
export async function report(event: Event, parts: ReportParts): Promise<void> {
  switch (event.type) {
    case "question.asked":
      return await tellQuestion(event, parts);
    case "question.answered":
    case "question.withdrawn":
      return await closeQuestion(event, parts);
    case "attempt.finished":
      // What it asked is over with it.
      return await closeQuestion(event, parts);
    case "merge.finished":
      return await tellConflict(event, parts);
    case "run.finished": {
      const state = await parts.access.run(event.run);
      if (state === null) return;
      const request = requestOf(state.requestId, parts.access);
      await tellAll(state, endWords(state, request), parts);
      return;
    }
  }
}

async function tellQuestion(
  { run, gate }: Extract<Event, { type: "question.asked" }>,
  parts: ReportParts,
): Promise<void> {
  const { bot, notes, access, signal, chats } = parts;
  const placed = await questionOf(run, gate, access);
  if (placed === null || placed.question.end !== null) return;
  for (const chat of chats) {
    // It may have been sent before something else failed.
    if (notes.gates({ run, gate, chat }).length > 0) continue;
    await unlessRefused(parts, chat, async () => {
      const buttons = questionButtons(placed);
      const to = notes.board(chat, { run })?.message ?? null;
      const message = await bot.send(chat, questionWords(placed), { buttons, to }, signal);
      notes.keepGate({ run, gate, chat, message });
    });
  }
}

/** Every message that shows a question which is over says who decided what, and has no buttons any more. */
async function closeQuestion(
  event: { readonly run: string; readonly gate?: string },
  { bot, notes, access, signal }: ReportParts,
): Promise<void> {
  const { run, gate } = event;
  for (const shown of notes.gates({ run, ...(gate === undefined ? {} : { gate }) })) {
    const placed = await questionOf(run, shown.gate, access);
    if (placed?.question.end === null) continue;
    if (placed !== null) await bot.edit(shown, questionWords(placed), [], signal);
    notes.dropGate(shown);
  }
}

async function questionOf(
  run: string,
  gate: string,
  access: ChannelAccess,
): Promise<PlacedQuestion | null> {
  const state = await access.run(run);
  return state === null ? null : questionIn(state, gate);
}

async function tellConflict(
  event: Extract<Event, { type: "merge.finished" }>,
  parts: ReportParts,
): Promise<void> {
  const conflict = conflictWords(event);
  const state = conflict && (await parts.access.run(event.run));
  if (conflict === null || state === null) return;
  await tellAll(state, conflict.words, parts);
  const { all } = conflict;
  if (all === null) return;
  const name = `${event.run}-${event.task}-conflict.txt`;
  for (const chat of parts.chats) {
    const file = { name, text: all, caption: words(["All paths of the conflict"]) };
    await unlessRefused(parts, chat, () => parts.bot.sendFile(chat, file, parts.signal));
  }
}

async function tellAll(state: RunState, said: Words, parts: ReportParts): Promise<void> {
  const { bot, notes, signal, chats } = parts;
  for (const chat of chats) {
    const to = notes.board(chat, { run: state.id })?.message ?? null;
    await unlessRefused(parts, chat, () => bot.send(chat, said, { to }, signal));
  }
}

/** A chat that takes nothing must not keep the others from what they are told. */
async function unlessRefused(
  { access }: ReportParts,
  chat: number,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof BotError) || error.kind !== "refused") throw error;
    access.tell(`chat ${chat} takes nothing: ${error.message}`);
  }
}
