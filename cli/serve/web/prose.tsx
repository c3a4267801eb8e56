import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { type Piece, type Pieces, piecesOf } from "./markdown.ts";

/** What an agent says, drawn as the Markdown that it mostly is: elements of our own, never markup of its own. */
export function Prose({ text }: { readonly text: string }) {
  const pieces = useMemo(() => piecesOf(text), [text]);
  return <div class="prose">{drawn(pieces)}</div>;
}

function drawn(pieces: Pieces): ComponentChildren {
  return pieces.map((piece, i) => <One key={i} piece={piece} />);
}

function One({ piece }: { readonly piece: Piece }) {
  switch (piece.kind) {
    case "text":
      return <>{piece.text}</>;
    case "code":
      return <code>{piece.text}</code>;
    case "break":
      return <br />;
    case "rule":
      return <hr />;
    case "strong":
      return <strong>{drawn(piece.of)}</strong>;
    case "em":
      return <em>{drawn(piece.of)}</em>;
    case "del":
      return <del>{drawn(piece.of)}</del>;
    case "paragraph":
      return <p>{drawn(piece.of)}</p>;
    case "quote":
      return <blockquote>{drawn(piece.of)}</blockquote>;
    case "link":
      return (
        <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
          {drawn(piece.of)}
        </a>
      );
    case "heading":
      return <Heading piece={piece} />;
    case "block":
      return <pre>{piece.text}</pre>;
    case "list":
      return piece.start === null ? (
        <ul>{items(piece.items)}</ul>
      ) : (
        <ol start={piece.start}>{items(piece.items)}</ol>
      );
    case "table":
      return <Table piece={piece} />;
  }
}

/** Below the headings of the page itself. */
function Heading({ piece }: { readonly piece: Piece & { readonly kind: "heading" } }) {
  const Tag = `h${Math.min(6, piece.level + 2)}` as "h3";
  return <Tag>{drawn(piece.of)}</Tag>;
}

function items(all: readonly Pieces[]): ComponentChildren {
  return all.map((of, i) => <li key={i}>{drawn(of)}</li>);
}

function Table({ piece: { head, rows } }: { readonly piece: Piece & { readonly kind: "table" } }) {
  return (
    <div class="table">
      <table>
        <thead>
          <tr>
            {head.map((cell, i) => (
              <th key={i}>{drawn(cell)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, j) => (
                <td key={j}>{drawn(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
