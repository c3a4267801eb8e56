/** A message that asked for something. */
export interface DraftPlace {
  readonly chat: number;
  readonly message: number;
}

/** The key of the request that comes of a draft. Another bot counts its messages anew. */
export function draftKey(bot: string, { chat, message }: DraftPlace): string {
  return `${bot}/${chat}/${message}`;
}

/** The draft that such a key names; null: it names none of this bot. */
export function draftOfKey(bot: string, key: string): DraftPlace | null {
  const [, of, chat, message] = /^(\d+)\/(-?\d+)\/(\d+)$/.exec(key) ?? [];
  return of === bot ? { chat: Number(chat), message: Number(message) } : null;
}
