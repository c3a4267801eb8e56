import { Lexer, type Token, type Tokens } from "marked";

/** A piece of a text in Markdown. Nothing in it is markup: whoever draws it decides what each kind becomes. */
export type Piece =
  | { readonly kind: "text" | "code"; readonly text: string }
  | { readonly kind: "break" | "rule" }
  | { readonly kind: "strong" | "em" | "del" | "paragraph" | "quote"; readonly of: Pieces }
  | { readonly kind: "link"; readonly href: string; readonly of: Pieces }
  | { readonly kind: "heading"; readonly level: number; readonly of: Pieces }
  | { readonly kind: "block"; readonly text: string }
  | { readonly kind: "list"; readonly start: number | null; readonly items: readonly Pieces[] }
  | {
      readonly kind: "table";
      readonly head: readonly Pieces[];
      readonly rows: readonly (readonly Pieces[])[];
    };

export type Pieces = readonly Piece[];

/** Characters that are read as Markdown: what is made to be slow to read takes the square of them. */
const textMax = 10_000;

/** A line that begins within twenty quotes or lists: to read it takes longer than all else, and says no more. */
const tooDeep = /^(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])[ \t])){20}/m;

/** Letters, digits and signs that agents write as HTML has them; others stay as they are. */
const entities: Readonly<Record<string, string>> = {
  ...{ "&lt;": "<", "&gt;": ">", "&amp;": "&" },
  ...{ "&quot;": '"', "&#39;": "'", "&nbsp;": "\u00a0" },
};

/**
 * Reads a text that somebody else wrote. HTML in it stays the text that it is, a picture becomes its words and its address, and
 * only an address of `http` or `https` a link. What is too long, or nested too deep, is one text.
 */
export function piecesOf(text: string): Pieces {
  const plain: Pieces = [{ kind: "paragraph", of: [{ kind: "text", text }] }];
  if (text.length > textMax || tooDeep.test(text)) return plain;
  try {
    return all(Lexer.lex(text, { gfm: true }));
  } catch {
    return plain;
  }
}

function all(tokens: readonly Token[] = []): Pieces {
  return tokens.flatMap(piecesOfToken);
}

function piecesOfToken(token: Token): Pieces {
  switch (token.type) {
    case "space":
    case "def":
      return [];
    case "hr":
      return [{ kind: "rule" }];
    case "br":
      return [{ kind: "break" }];
    case "strong":
    case "em":
    case "del":
    case "paragraph":
      return [{ kind: token.type, of: all(token.tokens) }];
    case "blockquote":
      return [{ kind: "quote", of: all(token.tokens) }];
    case "heading":
      return [{ kind: "heading", level: (token as Tokens.Heading).depth, of: all(token.tokens) }];
    case "code":
      return [{ kind: "block", text: (token as Tokens.Code).text }];
    case "codespan":
      return [{ kind: "code", text: (token as Tokens.Codespan).text }];
    case "checkbox":
      return [{ kind: "text", text: (token as Tokens.Checkbox).checked ? "☑ " : "☐ " }];
    case "list":
      return [listOf(token as Tokens.List)];
    case "table":
      return [tableOf(token as Tokens.Table)];
    case "link":
      return linkOf(token as Tokens.Link);
    case "image":
      return imageOf(token as Tokens.Image);
    case "text":
      return token.tokens === undefined ? words(token as Tokens.Text) : all(token.tokens);
    case "escape":
      return [{ kind: "text", text: (token as Tokens.Escape).text }];
    default:
      // HTML, and whatever a later version of the reader knows besides.
      return [{ kind: "text", text: token.raw }];
  }
}

function words({ text }: Tokens.Text): Pieces {
  const read = text.replace(/&(?:lt|gt|amp|quot|#39|nbsp);/g, (name) => entities[name] ?? name);
  return [{ kind: "text", text: read }];
}

function listOf({ ordered, start, items }: Tokens.List): Piece {
  const first = ordered && start !== "" ? start : null;
  return { kind: "list", start: first, items: items.map(({ tokens }) => all(tokens)) };
}

function tableOf({ header, rows }: Tokens.Table): Piece {
  const cells = (row: Tokens.TableCell[]) => row.map(({ tokens }) => all(tokens));
  return { kind: "table", head: cells(header), rows: rows.map(cells) };
}

/** The address stands beside words that are not it, so that nobody is led elsewhere by them. */
function linkOf({ href, text, tokens }: Tokens.Link): Pieces {
  const isTold = text === href || `mailto:${text}` === href;
  const address: Pieces = isTold ? [] : [{ kind: "text", text: ` (${href})` }];
  if (!/^https?:\/\//i.test(href)) return [...all(tokens), ...address];
  return [{ kind: "link", href, of: all(tokens) }, ...address];
}

function imageOf({ href, text }: Tokens.Image): Pieces {
  return [{ kind: "text", text: `[picture: ${text}] (${href})` }];
}
