import type { YAMLError } from "yaml";

/** Says a YAML parser's error in our words. */
export function explainYaml(
  problem: YAMLError,
  text: string,
): { readonly message: string; readonly hint: string } {
  if (problem.code === "BLOCK_AS_IMPLICIT_KEY" && !hasColon(text, problem.pos[0])) {
    const message = "the line after this one is indented too deeply";
    return { message, hint: "give every key of a map the same column" };
  }
  const known = words[problem.code];
  if (known) return known;
  const first = problem.message.replace(/\.$/, "");
  const here = text.slice(problem.pos[0], problem.pos[1]).trim();
  if (problem.code === "MISSING_CHAR" && first.includes("quote")) {
    return { message: "a quote is opened and never closed", hint: "close it on the same line" };
  }
  if (problem.code === "BAD_INDENT" && first.startsWith("Flow")) {
    const bracket = first.at(-1);
    const what = bracket === "]" ? "list `[`" : "map `{`";
    return {
      message: `the ${what} is opened and never closed`,
      hint: `close it with \`${bracket}\``,
    };
  }
  if (problem.code === "BAD_INDENT") {
    const message = "this line is indented differently from its neighbours";
    return { message, hint: "give every key of a map and every `-` of a list the same column" };
  }
  if (problem.code === "TAG_RESOLVE_FAILED") {
    return { message: `the tag \`${here}\` means nothing here`, hint: "remove it" };
  }
  if (problem.code === "UNEXPECTED_TOKEN") {
    const hint = "check the indentation, and put text that holds `: `, `#` or a quote in quotes";
    return { message: "something stands here that YAML does not expect", hint };
  }
  const message = first.charAt(0).toLowerCase() + first.slice(1);
  return { message, hint: "put the text in quotes if it is meant as text" };
}

/** Whether a second key stands on the line itself; if not, it stands on a line that continues this one. */
function hasColon(text: string, start: number): boolean {
  return /:(\s|$)/.test(text.slice(start).split("\n", 1)[0]!);
}

const words: { readonly [code: string]: { readonly message: string; readonly hint: string } } = {
  TAB_AS_INDENT: {
    message: "a tab is used for indentation",
    hint: "indent with spaces; YAML allows nothing else",
  },
  BAD_SCALAR_START: {
    message: "a plain text cannot start with this character",
    hint: "put the text in quotes",
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: "a second `: ` stands on this line",
    hint: "put text that holds `: ` in quotes",
  },
  MULTILINE_IMPLICIT_KEY: {
    message: "this line is neither a key nor part of the text above",
    hint: "write `key: value`, or indent it to continue the text",
  },
  BAD_DQ_ESCAPE: {
    message: "a double-quoted text holds an escape that does not exist",
    hint: "write `\\\\` for a backslash, or use single quotes",
  },
};
