import type { CallbackQuery } from "grammy/types";
import type { ChannelAsk, ChannelReply, ChannelRequest } from "../../core/plugin/index.ts";
import { type Click, clickOf } from "./clicks.ts";
import { draftKey } from "./draft-key.ts";
import type { Answer, Exchange, Sent } from "./exchange.ts";
import { questionButtons, questionIn, questionWords } from "./question-view.ts";

/** A button that was pressed, and by whom. */
interface Press extends Sent {
  readonly query: CallbackQuery;
}

/** The request that a button comes to. */
export async function pressedRequest(exchange: Exchange, press: Press): Promise<ChannelRequest> {
  const click = clickOf(press.query.data ?? "");
  switch (click?.kind) {
    case undefined:
      return unknown(exchange, press, "this button means nothing any more");
    case "execute":
      return executeRequest(exchange, press, click);
    case "answer":
      return await answerRequest(exchange, press, click);
    case "next": {
      const { run, ended } = click;
      return doing(exchange, press, { kind: "continue", run, ended }, "it goes on");
    }
    case "stop":
      return doing(exchange, press, { kind: "stop", run: click.run }, "it ends; its work is kept");
    case "cancel":
      return doing(exchange, press, { kind: "cancel", request: click.request }, "it is called off");
  }
}

/** Each message that asked for something is one request, however often its buttons are pressed, and whichever. */
function executeRequest(
  exchange: Exchange,
  press: Press,
  { draft: asked, how }: Extract<Click, { kind: "execute" }>,
): ChannelRequest {
  const { notes, boards } = exchange.parts;
  const { chat } = press.visitor;
  const draft = notes.draft(chat, asked);
  if (draft === undefined)
    return unknown(exchange, press, "it is too long ago: ask for it once more");
  const ask: ChannelAsk =
    "prompt" in draft.ask
      ? { kind: "prompt", ...draft.ask }
      : {
          kind: "plan",
          ...draft.ask,
          ...(how === "plain" ? {} : { mode: how === "auto" ? "auto" : "step-through" }),
        };
  const shown = press.query.message?.message_id ?? draft.shown;
  return exchange.acting(
    press,
    ask,
    async (reply, signal) => {
      if (!reply.ok) {
        const twice = reply.code === "KEY_USED" ? "it has been started before" : null;
        return await popUp(exchange, press, twice ?? refusalText(reply), signal);
      }
      const { id, run } = reply.result as { readonly id: string; readonly run: string };
      boards.open({ run, request: id, chat, message: shown });
      await popUp(exchange, press, "accepted", signal);
    },
    draftKey(exchange.parts.bot.id, draft),
  );
}

/** The first answer decides; whoever comes later is told who gave it, and the message as well. */
async function answerRequest(
  exchange: Exchange,
  press: Press,
  { run, gate, option }: Extract<Click, { kind: "answer" }>,
): Promise<ChannelRequest> {
  const { access, bot } = exchange.parts;
  const look = async () => {
    const state = await access.run(run);
    return state === null ? null : questionIn(state, gate);
  };
  const taken = (await look())?.question.options[option];
  if (taken === undefined) return unknown(exchange, press, "there is no such question any more");
  const ask: ChannelAsk = { kind: "answer", gate, answer: taken.id };
  return exchange.acting(press, ask, async (reply, signal) => {
    await popUp(exchange, press, reply.ok ? taken.label : refusalText(reply), signal);
    const placed = await look();
    const message = press.query.message?.message_id;
    if (placed === null || message === undefined) return;
    const place = { chat: press.visitor.chat, message };
    await bot.edit(place, questionWords(placed), questionButtons(placed), signal);
  });
}

function doing(exchange: Exchange, press: Press, ask: ChannelAsk, said: string): ChannelRequest {
  return exchange.acting(press, ask, (reply, signal) =>
    popUp(exchange, press, reply.ok ? said : refusalText(reply), signal),
  );
}

function unknown(exchange: Exchange, press: Press, said: string): ChannelRequest {
  const answer: Answer = (_, signal) => popUp(exchange, press, said, signal);
  return exchange.acting(press, { kind: "refused", why: "UNKNOWN" }, answer);
}

async function popUp(
  { parts: { bot } }: Exchange,
  { query }: Press,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  await bot.popUp(query.id, text, signal);
}

function refusalText({ message, hint }: Extract<ChannelReply, { ok: false }>): string {
  return hint === null ? message : `${message}; ${hint}`;
}
