import type { Message, Update } from "grammy/types";

/** Who may ask. Both count; an empty list is nobody. */
export interface Lists {
  readonly users: readonly number[];
  readonly chats: readonly number[];
}

/** Who sent something, and where. */
export interface Visitor {
  /** As the gateway and others see them. */
  readonly name: string;
  readonly chat: number;
}

/** Somebody who is let in, or why not. */
export type Admission =
  | { readonly ok: true; readonly visitor: Visitor }
  | { readonly ok: false; readonly name: string; readonly why: string };

/** Whether the sender of an update may ask. Names, and what a message says of itself, count for nothing; numbers do. */
export function admit({ message, callback_query: click }: Update, lists: Lists): Admission {
  const from = message?.from ?? click?.from;
  const name = from === undefined ? "telegram" : `telegram:${from.id}`;
  const refuse = (why: string): Admission => ({ ok: false, name, why });
  if (from === undefined || (message === undefined && click === undefined)) return refuse("KIND");
  const place = message ?? click?.message;
  // An old message, or one of another bot: what was on it cannot be seen.
  if (place === undefined || place.date === 0) return refuse("NO_MESSAGE");
  const isListed = lists.users.includes(from.id) && lists.chats.includes(place.chat.id);
  if (!isListed || from.is_bot) return refuse("STRANGER");
  if (message !== undefined && isOfAnother(message)) return refuse("FORWARDED");
  return { ok: true, visitor: { name, chat: place.chat.id } };
}

/** Somebody else's words, or those of a chat as such. */
function isOfAnother(message: Message): boolean {
  const { forward_origin: origin, sender_chat: chat, via_bot: bot } = message;
  return origin !== undefined || chat !== undefined || bot !== undefined;
}
