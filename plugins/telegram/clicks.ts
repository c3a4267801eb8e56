import type { InlineKeyboardButton } from "grammy/types";
import { shortened } from "./words.ts";

/** What pressing a button means. */
export type Click =
  /** Runs what a message asked for. `how`: waiting after each task, without, or as it is. */
  | { readonly kind: "execute"; readonly draft: number; readonly how: "step" | "auto" | "plain" }
  /** Lets a run go on that waits with so many tasks ended. */
  | { readonly kind: "next"; readonly run: string; readonly ended: number }
  | { readonly kind: "stop"; readonly run: string }
  | { readonly kind: "cancel"; readonly request: string }
  /** Takes an option of a question, by its place. */
  | {
      readonly kind: "answer";
      readonly run: string;
      readonly gate: string;
      readonly option: number;
    };

/** What Telegram keeps for a button, in bytes. */
const dataMax = 64;

/** Longest words on a button. */
const wordsMax = 40;

const hows = { s: "step", a: "auto", p: "plain" } as const;

/** A button that means this. */
export function button(words: string, click: Click): InlineKeyboardButton {
  const data = dataOf(click);
  if (Buffer.byteLength(data) > dataMax) throw new Error(`too long for a button: ${data}`);
  return { text: shortened(words, wordsMax), callback_data: data };
}

function dataOf(click: Click): string {
  switch (click.kind) {
    case "execute":
      return `x:${click.how[0]}:${click.draft}`;
    case "next":
      return `n:${click.run}:${click.ended}`;
    case "stop":
      return `s:${click.run}`;
    case "cancel":
      return `c:${click.request}`;
    case "answer":
      return `q:${click.run}:${click.gate}:${click.option}`;
  }
}

/** What a button meant; null: no button of ours. */
export function clickOf(data: string): Click | null {
  const [, kind, first = "", second = "", third = ""] =
    /^([xnscq]):([a-z0-9]{1,24})(?::([a-z0-9]{1,16}))?(?::(\d{1,3}))?$/.exec(data) ?? [];
  switch (kind) {
    case "x": {
      const how = hows[first as keyof typeof hows];
      return how && /^\d+$/.test(second) ? { kind: "execute", draft: Number(second), how } : null;
    }
    case "n":
      return /^\d+$/.test(second) ? { kind: "next", run: first, ended: Number(second) } : null;
    case "s":
      return { kind: "stop", run: first };
    case "c":
      return { kind: "cancel", request: first };
    case "q":
      return third === ""
        ? null
        : { kind: "answer", run: first, gate: second, option: Number(third) };
    default:
      return null;
  }
}
