import { head, type Malformed, task } from "./malformed.ts";

/** Files whose keys or types are wrong. */
export const malformedShape: readonly Malformed[] = [
  {
    name: "a missing version",
    text: "tasks:\n  - {id: a, prompt: p}\n",
    expected: ["PLAN_MISSING_KEY 1:1 `version` is missing | add `version: 1` at the top"],
  },
  {
    name: "a version as text",
    text: "version: '1'\ntasks:\n  - {id: a, prompt: p}\n",
    expected: [
      "PLAN_BAD_VALUE 1:10 `version` must be `1`, not a text | write `1`; a later format needs a later `ra`",
    ],
  },
  {
    name: "a later version",
    text: "version: 2\ntasks:\n  - {id: a, prompt: p}\n",
    expected: [
      "PLAN_BAD_VALUE 1:10 `version` must be `1`, not `2` | write `1`; a later format needs a later `ra`",
    ],
  },
  {
    name: "no tasks",
    text: "version: 1\n",
    expected: ["PLAN_MISSING_KEY 1:1 `tasks` is missing | add a list of `tasks`"],
  },
  {
    name: "an empty list of tasks",
    text: "version: 1\ntasks: []\n",
    expected: ["PLAN_BAD_VALUE 2:8 `tasks` must hold at least one task"],
  },
  {
    name: "tasks without a value",
    text: "version: 1\ntasks:\n",
    expected: [
      "PLAN_WRONG_TYPE 2:1 `tasks` must be a list of tasks, not empty | give it a value, or remove the key",
    ],
  },
  {
    name: "tasks as a map",
    text: "version: 1\ntasks:\n  a: {prompt: p}\n",
    expected: [
      "PLAN_WRONG_TYPE 3:3 `tasks` must be a list of tasks, not a map | put `-` before each task",
    ],
  },
  {
    name: "a task that is a word",
    text: `${head}  - build\n`,
    expected: [
      "PLAN_WRONG_TYPE 3:5 `tasks[0]` must be a map with an `id` and a `prompt`, not a text",
    ],
  },
  {
    name: "every unknown key of a file",
    text: "version: 1\nnam: x\nfoo: 1\ntasks:\n  - id: a\n    prompt: p\n    timout: 5m\n    needs: []\n    agent: kilo\n",
    expected: [
      "PLAN_UNKNOWN_KEY 2:1 the key `nam` is not known here | did you mean `name`?",
      "PLAN_UNKNOWN_KEY 3:1 the key `foo` is not known here",
      "PLAN_UNKNOWN_KEY 7:5 the key `timout` is not known here | did you mean `timeout`?",
      "PLAN_UNKNOWN_KEY 8:5 the key `needs` is not known here | did you mean `deps`?",
      "PLAN_UNKNOWN_KEY 9:5 the key `agent` is not known here | did you mean `runner`?",
    ],
  },
  {
    name: "a merge key",
    text: "version: 1\ndefaults: &d {model: x}\ntasks:\n  - id: a\n    prompt: p\n    <<: *d\n",
    expected: [
      "PLAN_UNKNOWN_KEY 6:5 the key `<<` is not known here | merge keys are not supported; write the keys out or use `defaults`",
    ],
  },
  {
    name: "a __proto__ key",
    text: task("__proto__: {}"),
    expected: ["PLAN_UNKNOWN_KEY 5:5 the key `__proto__` is not known here"],
  },
  {
    name: "a __proto__ key in JSON",
    text: '{"version": 1, "__proto__": {"tasks": []}, "tasks": [{"id": "a", "prompt": "p"}]}',
    expected: ["PLAN_UNKNOWN_KEY 1:16 the key `__proto__` is not known here"],
  },
  {
    name: "a __proto__ variable",
    text: task('env: { __proto__: "x" }'),
    expected: ["PLAN_UNKNOWN_KEY 5:12 the key `__proto__` cannot be a name here"],
  },
  {
    name: "unknown keys in a map",
    text: task("retries: { maximum: 3 }"),
    expected: [
      "PLAN_UNKNOWN_KEY 5:16 the key `maximum` is not known here | known keys: `max`, `backoff`, `maxBackoff`",
    ],
  },
  {
    name: "a prompt in defaults",
    text: `version: 1\ndefaults: { prompt: x, id: y }\n${head.slice(11)}  - {id: a, prompt: p}\n`,
    expected: [
      "PLAN_UNKNOWN_KEY 2:13 the key `prompt` is not known here | it belongs to one task and cannot stand in `defaults`",
      "PLAN_UNKNOWN_KEY 2:24 the key `id` is not known here | it belongs to one task and cannot stand in `defaults`",
    ],
  },
  {
    name: "a missing id",
    text: `${head}  - prompt: p\n`,
    expected: [
      "PLAN_MISSING_KEY 3:5 `id` is missing | give every task a short name, such as `id: api`",
    ],
  },
  {
    name: "ids that are none",
    text: `${head}  - {id: "", prompt: p}\n  - {id: -x, prompt: p}\n  - {id: a b, prompt: p}\n  - {id: é, prompt: p}\n  - {id: ${"x".repeat(64)}, prompt: p}\n  - {id: -1, prompt: p}\n  - {id: 1.5, prompt: p}\n  - {id: 99999999999999999999, prompt: p}\n  - {id: true, prompt: p}\n  - {id: [a], prompt: p}\n  - {id: , prompt: p}\n`,
    expected: [
      "PLAN_BAD_ID 3:10 `id` must be 1 to 63 letters, digits, `_` or `-`, starting with a letter or digit",
      "PLAN_BAD_ID 4:10 `id` must be 1 to 63 letters, digits, `_` or `-`, starting with a letter or digit, not `-x`",
      "PLAN_BAD_ID 5:10 `id` must be 1 to 63 letters, digits, `_` or `-`, starting with a letter or digit, not `a b`",
      "PLAN_BAD_ID 6:10 `id` must be 1 to 63 letters, digits, `_` or `-`, starting with a letter or digit, not `é`",
      "PLAN_BAD_ID 7:10 `id` must be 1 to 63 letters, digits, `_` or `-`, starting with a letter or digit",
      "PLAN_BAD_VALUE 8:10 `id` must be 0 or more, not `-1`",
      "PLAN_BAD_VALUE 9:10 `id` must be a whole number below 2^53, or stand in quotes, not `1.5`",
      "PLAN_BAD_VALUE 10:10 `id` must be a whole number below 2^53, or stand in quotes, not `100000000000000000000`",
      "PLAN_WRONG_TYPE 11:10 `id` must be a text or a whole number, not `true`",
      "PLAN_WRONG_TYPE 12:10 `id` must be a text or a whole number, not a list",
      "PLAN_WRONG_TYPE 13:6 `id` must be a text or a whole number, not empty | give it a value, or remove the key",
    ],
  },
];
