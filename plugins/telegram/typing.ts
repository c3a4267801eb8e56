import type { Message } from "grammy/types";
import type { ChannelAsk, ChannelRequest } from "../../core/plugin/index.ts";
import type { Buttons } from "./bot.ts";
import { type Exchange, refusalWords, type Sent } from "./exchange.ts";
import { chooseView, type ListedQueue, type ListedRun, listView } from "./listing.ts";
import type { Draft } from "./notes.ts";
import {
  helpWords,
  type PlanOutline,
  planButtons,
  planWords,
  promptButtons,
  promptWords,
} from "./plan-view.ts";
import { readTyped, type Typed, typedParams } from "./typed.ts";
import { code, quote, type Words, words } from "./words.ts";

/** Longest log that is sent as a message, in characters. */
const logMax = 2_500;

/** A message, and who sent it. */
interface SentMessage extends Sent {
  readonly message: Message;
}

/** What is shown in answer to a message; `draft`: what its buttons run. */
interface Shown {
  readonly words: Words;
  readonly buttons?: Buttons;
  readonly draft?: Draft["ask"];
}

/** The requests that a message comes to. */
export async function* typedRequests(
  exchange: Exchange,
  from: SentMessage,
): AsyncGenerator<ChannelRequest> {
  const { message, visitor, update } = from;
  const { text } = message;
  if (text === undefined) {
    yield exchange.refused(update, visitor.name, "NO_TEXT");
    return;
  }
  const typed = readTyped(text);
  const answered = message.reply_to_message?.message_id ?? 0;
  const place = { chat: visitor.chat, message: answered };
  const [gate] = exchange.parts.notes.gates(place);
  if (gate !== undefined && typed.kind === "text") {
    const ask: ChannelAsk = { kind: "answer", gate: gate.gate, answer: text };
    // That it was taken is shown by the message of the question.
    yield doing(exchange, from, ask, () => null);
  } else {
    yield* ofTyped(exchange, from, typed);
  }
}

async function* ofTyped(
  exchange: Exchange,
  from: SentMessage,
  typed: Typed,
): AsyncGenerator<ChannelRequest> {
  switch (typed.kind) {
    case "help":
      yield plansRequest(exchange, from, (plans) => ({ words: helpWords(plans) }));
      return;
    case "run":
      yield plansRequest(exchange, from, (plans) => draftOf(from, typed, plans));
      return;
    case "ps":
      yield* listRequests(exchange, from);
      return;
    case "log":
      yield logRequest(exchange, from, typed);
      return;
    case "stop":
    case "continue":
      yield steeringRequest(exchange, from, typed);
      return;
    case "text":
      yield promptRequest(exchange, from, typed.text);
  }
}

function plansRequest(
  exchange: Exchange,
  from: SentMessage,
  shown: (plans: readonly PlanOutline[]) => Shown,
): ChannelRequest {
  return looking(exchange, from, { kind: "look", at: "plans" }, (result) =>
    shown((result as { readonly plans: readonly PlanOutline[] }).plans),
  );
}

/** A plan with the buttons that run it, or that there is none. */
function draftOf(
  { message }: SentMessage,
  { plan, params }: Extract<Typed, { kind: "run" }>,
  plans: readonly PlanOutline[],
): Shown {
  const outline = plans.find(({ name }) => name === plan);
  if (outline === undefined)
    return { words: words(["There is no plan ", code(plan), ". /help lists them."]) };
  const values = typedParams(outline, params);
  return {
    words: planWords(outline, values),
    buttons: planButtons(message.message_id),
    draft: { plan, params: values },
  };
}

function promptRequest(exchange: Exchange, from: SentMessage, prompt: string): ChannelRequest {
  // Where it is shut, the gateway refuses it and says how it is opened.
  if (!exchange.parts.prompts)
    return looking(exchange, from, { kind: "prompt", prompt }, () => ({ words: promptWords }));
  const buttons = promptButtons(from.message.message_id);
  return plansRequest(exchange, from, () => ({
    ...{ words: promptWords, buttons, draft: { prompt } },
  }));
}

async function* listRequests(
  exchange: Exchange,
  from: SentMessage,
): AsyncGenerator<ChannelRequest> {
  let queue: ListedQueue = { requests: [] };
  yield {
    ...exchange.showing(from, { kind: "look", at: "queue" }, async () => {}),
    // The message is done with the second one.
    reply: async (reply) => {
      if (reply.ok) queue = reply.result as ListedQueue;
    },
  };
  yield looking(exchange, from, { kind: "look", at: "runs" }, (result) => {
    return { words: listView((result as { readonly runs: readonly ListedRun[] }).runs, queue) };
  });
}

function logRequest(
  exchange: Exchange,
  from: SentMessage,
  { run, task }: { readonly run: string; readonly task: string | null },
): ChannelRequest {
  const { bot } = exchange.parts;
  const ask: ChannelAsk = { kind: "logs", run, ...(task === null ? {} : { task }) };
  return exchange.showing(from, ask, async (reply, signal) => {
    if (!reply.ok) return await show(exchange, from, { words: refusalWords(reply) }, signal);
    const { run: id, text } = reply.result as { readonly run: string; readonly text: string };
    const whole = task === null ? id : `${id}/${task}`;
    const pieces = text === "" ? [`${whole} printed nothing`] : [`${whole}:\n`, quote(text)];
    if (text.length <= logMax) return await show(exchange, from, { words: words(pieces) }, signal);
    const file = { name: `${whole.replaceAll("/", "-")}.log`, text, caption: words([whole]) };
    await bot.sendFile(from.visitor.chat, file, signal);
  });
}

function steeringRequest(
  exchange: Exchange,
  from: SentMessage,
  typed: Extract<Typed, { kind: "stop" | "continue" | "log" }>,
): ChannelRequest {
  const { run, task } = typed;
  const kind = typed.kind === "stop" ? "stop" : "continue";
  if (run === "") {
    return looking(exchange, from, { kind: "look", at: "runs" }, (result) =>
      chooseView((result as { readonly runs: readonly ListedRun[] }).runs, kind),
    );
  }
  const ask: ChannelAsk =
    kind === "stop" ? { kind, run, ...(task === null ? {} : { task }) } : { kind, run };
  return doing(exchange, from, ask, (result) => {
    const { run: id } = result as { readonly run: string };
    const whole = task === null ? id : `${id}/${task}`;
    return words([kind === "stop" ? `${whole} ends; its work is kept` : `${whole} goes on`]);
  });
}

/** Looks at something and shows it. */
function looking(
  exchange: Exchange,
  from: SentMessage,
  ask: ChannelAsk,
  shown: (result: object) => Shown,
): ChannelRequest {
  return exchange.showing(from, ask, (reply, signal) => {
    const answer = reply.ok ? shown(reply.result) : { words: refusalWords(reply) };
    return show(exchange, from, answer, signal);
  });
}

/** Does something and says so; null: that is seen elsewhere. */
function doing(
  exchange: Exchange,
  from: SentMessage,
  ask: ChannelAsk,
  said: (result: object) => Words | null,
): ChannelRequest {
  return exchange.acting(from, ask, async (reply, signal) => {
    const answer = reply.ok ? said(reply.result) : refusalWords(reply);
    if (answer !== null) await show(exchange, from, { words: answer }, signal);
  });
}

async function show(
  { parts: { bot, notes } }: Exchange,
  { visitor: { chat }, message }: SentMessage,
  { words: said, buttons = [], draft: ask }: Shown,
  signal: AbortSignal,
): Promise<void> {
  const to = message.message_id;
  const draft = ask === undefined ? null : { chat, message: to, shown: null, ask };
  // Before its buttons can be pressed.
  if (draft !== null) notes.keepDraft(draft);
  const shown = await bot.send(chat, said, { to, buttons }, signal);
  if (draft !== null) notes.keepDraft({ ...draft, shown });
}
