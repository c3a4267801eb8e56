import { expandBraces, literalPath, normalizeGlob } from "./glob.ts";

/**
 * A glob in what the rules of every agent can say: letters, digits and `. _ - / @ + = ~ ,` and blanks for themselves, `*` and
 * `?` inside a segment, `**` for whole ones. Several, or one that says more, where it cannot be said so: never less.
 */
export function plainGlobs(glob: string): readonly string[] {
  const literal = literalPath(glob);
  if (literal !== null) return withBelow(plainText(literal.replaceAll("*", "?")));
  const written = expandBraces(normalizeGlob(glob)) ?? ["**"];
  return written.map(normalizeGlob).flatMap((text) => {
    const last = text.slice(text.lastIndexOf("/") + 1);
    // A set of characters may also be the name of a folder, such as `[slug]`.
    const plain = plainText(text.replaceAll(/\[[!^]?\]?[^\]]*\]/g, "*"));
    if (plain.endsWith("/**")) return withBelow(plain.slice(0, -3));
    return /[*?[]/.test(last) ? [plain] : withBelow(plain);
  });
}

/** A plain name stands for all below it, too. */
function withBelow(plain: string): readonly string[] {
  return [plain, `${plain}/**`];
}

function plainText(text: string): string {
  return (
    text
      .replaceAll(/[^\x20-\x7e]+/g, "*")
      .replaceAll(/[^\w.\-/@+=~, *?]/g, "?")
      // Beside anything else in a segment `**` may reach over directories all the same.
      .split("/")
      .map((segment) => (segment.includes("**") ? "**" : segment))
      .join("/")
  );
}
