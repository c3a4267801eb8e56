import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Piece, type Pieces, piecesOf } from "../../cli/serve/web/markdown.ts";

/** Every piece, at whatever depth. */
function flat(pieces: Pieces): Piece[] {
  return pieces.flatMap((piece) => [piece, ...flat(insideOf(piece))]);
}

function insideOf(piece: Piece): Pieces {
  if ("of" in piece) return piece.of;
  if (piece.kind === "list") return piece.items.flat();
  return piece.kind === "table" ? [...piece.head, ...piece.rows.flat()].flat() : [];
}

const hrefs = (text: string): string[] =>
  flat(piecesOf(text)).flatMap((piece) => (piece.kind === "link" ? [piece.href] : []));

const said = (text: string): string =>
  flat(piecesOf(text))
    .map((piece) => ("text" in piece ? piece.text : ""))
    .join("");

test("reads what agents write: headings, lists, tasks, tables, code and emphasis", () => {
  const text = [
    ...["## Done", "", "It **works**, ~~not~~ `a &lt; b` &lt;3", "", "1. one", "2. two", ""],
    ...["- [x] tested", "", "| a | b |", "| - | - |", "| 1 | *2* |", ""],
    ...["> said", "", "---", "", "```ts", "let a = 1 < 2;", "```"],
  ];

  const pieces = piecesOf(text.join("\n"));

  expect(pieces.map(({ kind }) => kind)).toEqual([
    ...["heading", "paragraph", "list", "list", "table", "quote", "rule", "block"],
  ] as Piece["kind"][]);
  expect(pieces[0]).toMatchObject({ level: 2, of: [{ kind: "text", text: "Done" }] });
  expect(pieces[1]).toMatchObject({
    of: [
      { kind: "text", text: "It " },
      { kind: "strong", of: [{ text: "works" }] },
      { kind: "text", text: ", " },
      { kind: "del" },
      { kind: "text", text: " " },
      { kind: "code", text: "a &lt; b" },
      { kind: "text", text: " <3" },
    ],
  });
  expect(pieces[2]).toMatchObject({ start: 1, items: [[{ text: "one" }], [{ text: "two" }]] });
  expect(said("- [x] tested")).toBe("☑ tested");
  expect(pieces[4]).toMatchObject({ head: [[{ text: "a" }], [{ text: "b" }]] });
  expect(pieces[7]).toEqual({ kind: "block", text: "let a = 1 < 2;" });
});

test("leaves HTML the text that it is, and loads no picture", () => {
  const inline = 'see <img src="http://evil.example/x"> <a href="javascript:alert(1)">here</a>';
  const picture = "![a *cat*](http://evil.example/cat.png)";

  expect(said(inline)).toBe(inline);
  expect(said("<script>alert(1)</script>")).toBe("<script>alert(1)</script>");
  expect(said(picture)).toBe("[picture: a *cat*] (http://evil.example/cat.png)");
  expect([inline, picture, "<http://a.example>"].flatMap(hrefs)).toEqual(["http://a.example"]);
});

test("makes a link of web addresses alone, and shows where it leads", () => {
  const others = [
    ...[
      "javascript:alert(1)",
      "JaVaScRiPt:alert(1)",
      "data:text/html,x",
      "vbscript:x",
      "file:///x",
    ],
    ...["//evil.example", "/api/runs", "#code", "blob:http://x", "mailto:a@b.example", "http:x"],
  ];

  expect(others.flatMap((href) => hrefs(`[here](${href}) [here](<${href}>)`))).toEqual([]);
  expect(said("[your bank](https://evil.example/a)")).toBe("your bank (https://evil.example/a)");
  expect(hrefs("[a](https://b.example) https://c.example a@b.example")).toEqual([
    ...["https://b.example", "https://c.example"],
  ]);
});

test("reads any text without trouble, and gives one that is too long or too deep as it is", () => {
  const long = `**a** ${"x".repeat(10_000)}`;
  const deep = [">", "> - ", "1. "].map((sign) => sign.repeat(20));

  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      for (const href of hrefs(text)) expect(href).toMatch(/^https?:\/\//i);
    }),
  );
  expect(said(long)).toBe(long);
  expect(deep.map(said)).toEqual(deep);
  expect(piecesOf("-".repeat(80)).map(({ kind }) => kind)).toEqual(["rule"]);
});
