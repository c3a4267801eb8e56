import { head, type Malformed, task } from "./malformed.ts";

/** Files that cannot be read as one map. */
export const malformedSyntax: readonly Malformed[] = [
  {
    name: "nothing at all",
    text: "",
    expected: ["PLAN_EMPTY 1:1 the file is empty | start with `version: 1` and a list of `tasks`"],
  },
  {
    name: "a comment alone",
    text: "# later\n",
    expected: ["PLAN_EMPTY 1:1 the file is empty | start with `version: 1` and a list of `tasks`"],
  },
  {
    name: "a single word",
    text: "hello\n",
    expected: [
      "PLAN_NOT_A_MAP 1:1 the file is a single value, not a map | start with `version: 1` and a list of `tasks`",
    ],
  },
  {
    name: "a list at the top",
    text: "- a\n- b\n",
    expected: [
      "PLAN_NOT_A_MAP 1:1 the file is a list, not a map | start with `version: 1` and a list of `tasks`",
    ],
  },
  {
    name: "a JSON list at the top",
    text: "[1]",
    expected: [
      "PLAN_NOT_A_MAP 1:1 the file is a list, not a map | start with `version: 1` and a list of `tasks`",
    ],
  },
  {
    name: "JSON null",
    text: "null",
    expected: ["PLAN_EMPTY 1:1 the file is empty | start with `version: 1` and a list of `tasks`"],
  },
  {
    name: "a NUL byte",
    text: "version: 1\nname: a\u0000b\n",
    expected: [
      "PLAN_BAD_CHARACTER 2:8 the file holds the control character U+0000 | save the file as UTF-8 text, and write such a character as an escape in quotes",
    ],
  },
  {
    name: "an escape character",
    text: "version: 1\nname: \u001b[31m\n",
    expected: [
      "PLAN_BAD_CHARACTER 2:7 the file holds the control character U+001B | save the file as UTF-8 text, and write such a character as an escape in quotes",
    ],
  },
  {
    name: "a tab as indentation",
    text: "version: 1\ntasks:\n\t- id: a\n",
    expected: [
      "PLAN_SYNTAX 3:1 a tab is used for indentation | indent with spaces; YAML allows nothing else",
    ],
  },
  {
    name: "an open list",
    text: "version: 1\ntasks: [\n",
    expected: ["PLAN_SYNTAX 2:8 the list `[` is opened and never closed | close it with `]`"],
  },
  {
    name: "an open map in JSON",
    text: '{"version": 1, "tasks": [{"id": "a"\n',
    expected: ["PLAN_SYNTAX 1:35 the map `{` is opened and never closed | close it with `}`"],
  },
  {
    name: "an open quote",
    text: "version: 1\nname: 'x\n",
    expected: ["PLAN_SYNTAX 2:8 a quote is opened and never closed | close it on the same line"],
  },
  {
    name: "two colons on a line",
    text: "version: 1\nname: a: b\n",
    expected: [
      "PLAN_SYNTAX 2:7 a second `: ` stands on this line | put text that holds `: ` in quotes",
    ],
  },
  {
    name: "keys that do not line up",
    text: "version: 1\n name: x\n",
    expected: [
      "PLAN_SYNTAX 1:10 the line after this one is indented too deeply | give every key of a map the same column",
    ],
  },
  {
    name: "a reserved character",
    text: "version: 1\nname: @x\n",
    expected: [
      "PLAN_SYNTAX 2:7 a plain text cannot start with this character | put the text in quotes",
    ],
  },
  {
    name: "a wrong escape",
    text: 'version: 1\nname: "\\q"\n',
    expected: [
      "PLAN_SYNTAX 2:8 a double-quoted text holds an escape that does not exist | write `\\\\` for a backslash, or use single quotes",
    ],
  },
  {
    name: "an unknown tag",
    text: "version: 1\nname: !!js/function x\n",
    expected: ["PLAN_SYNTAX 2:7 the tag `!!js/function` means nothing here | remove it"],
  },
  {
    name: "two documents",
    text: `${head}  - {id: a, prompt: p}\n---\nversion: 1\n`,
    expected: [
      "PLAN_TWO_DOCUMENTS 4:1 the file holds more than one document | keep one, and remove the line `---` between them",
    ],
  },
  {
    name: "a key twice",
    text: `version: 1\nversion: 1\n${head.slice(11)}  - {id: a, prompt: p}\n`,
    expected: [
      "PLAN_DUPLICATE_KEY 2:1 the key `version` stands twice in the same map | it is already on line 1; keep one of the two",
    ],
  },
  {
    name: "a key twice deep down",
    text: task("run: x\nmodel: a\nmodel: b"),
    expected: [
      "PLAN_DUPLICATE_KEY 7:5 the key `model` stands twice in the same map | it is already on line 6; keep one of the two",
    ],
  },
  {
    name: "a key twice in JSON",
    text: '{"version": 1,\n "tasks": [{"id": "a", "prompt": "p", "id": "b"}]}',
    expected: [
      "PLAN_DUPLICATE_KEY 2:39 the key `id` stands twice in the same map | it is already on line 2; keep one of the two",
    ],
  },
  {
    name: "a key twice in JSON behind an escape",
    text: '{"version": 1,\n "name": "x", "n\\u0061me": "y", "tasks": []}',
    expected: [
      "PLAN_DUPLICATE_KEY 2:15 the key `name` stands twice in the same map | it is already on line 2; keep one of the two",
    ],
  },
  {
    name: "an alias without an anchor",
    text: "version: 1\nname: *who\n",
    expected: [
      "PLAN_SYNTAX 2:7 the alias `*who` stands for nothing: no `&who` comes before it | put `*who` in quotes if it is meant as text",
    ],
  },
  {
    name: "an alias inside itself",
    text: "version: 1\ntasks: &t [*t]\n",
    expected: ["PLAN_ALIAS 2:12 the alias `*t` stands inside itself | write it out"],
  },
  {
    name: "an alias bomb",
    text:
      `version: 1\na: &a [${"x,".repeat(99)}x]\n` +
      "bcdef"
        .split("")
        .map((k, i) => `${k}: &${k} [${Array(30).fill(`*${"abcde"[i]}`).join(",")}]\n`)
        .join(""),
    expected: [
      "PLAN_ALIAS 5:7 the aliases of this file expand to more than 2000000 values | write the values out, or put them into `defaults`",
    ],
  },
  {
    name: "lists nested too deeply",
    text: `version: 1\ntasks: ${"[".repeat(5000)}${"]".repeat(5000)}\n`,
    expected: ["PLAN_TOO_DEEP 2:39 the file nests deeper than 32 levels | flatten it"],
  },
  {
    name: "JSON nested too deeply",
    text: `{"tasks": ${"[".repeat(50)}${"]".repeat(50)}}`,
    expected: ["PLAN_TOO_DEEP 1:1 the file nests deeper than 32 levels | flatten it"],
  },
];
