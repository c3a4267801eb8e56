import type { MessageEntity } from "grammy/types";
import { block, oneLine } from "../../core/plugin/index.ts";

/** A message as it is sent. No markup is read in it: what looks like some is shown as it is. */
export interface Words {
  readonly text: string;
  readonly entities: readonly MessageEntity[];
}

/** What a message may have, in UTF-16 units, and what stands below a file. */
export const textMax = 4_096;
export const captionMax = 1_024;

/** The longest quote of what others wrote. */
const quoteMax = 3_000;

/** A piece of a message: words of ours, or what others wrote. */
export type Piece = string | { readonly quote: string } | { readonly code: string };

/** What others wrote, as a block. Inside of it no name, command or address becomes a link. */
export function quote(text: string): Piece {
  return { quote: shortened(block(text).trim(), quoteMax) };
}

/** The same within a line. */
export function code(text: string, length = 200): Piece {
  return { code: oneLine(text, length) };
}

/** Puts a message together, cut to what Telegram takes. */
export function words(pieces: readonly Piece[], length: number = textMax): Words {
  let text = "";
  const entities: MessageEntity[] = [];
  for (const piece of pieces) {
    const said = textOf(piece);
    const entity = { offset: text.length, length: said.length };
    if (typeof piece !== "string" && said !== "")
      entities.push("quote" in piece ? { type: "pre", ...entity } : { type: "code", ...entity });
    text += said;
  }
  const cut = shortened(text, length);
  // The sign that something is missing is not a part of what was quoted.
  const end = cut.length < text.length ? cut.length - 1 : cut.length;
  return {
    text: cut,
    entities: entities
      .filter(({ offset }) => offset < end)
      .map((entity) => ({ ...entity, length: Math.min(entity.length, end - entity.offset) })),
  };
}

function textOf(piece: Piece): string {
  if (typeof piece === "string") return piece;
  return "quote" in piece ? piece.quote : piece.code;
}

/** Cut to a length, never through a character. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const head = text.slice(0, length - 1);
  return `${/[\ud800-\udbff]$/.test(head) ? head.slice(0, -1) : head}…`;
}
