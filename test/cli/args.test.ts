import { describe, expect, test } from "bun:test";
import { parseArguments } from "../../cli/args.ts";
import type { CommandSpec } from "../../cli/command.ts";
import { ExitCode, RaError } from "../../core/error.ts";

const specs: readonly CommandSpec[] = [
  spec("send", "<to> [note]", [
    "-t, --title <text>",
    "-c, --copies <N>",
    "-q, --quiet",
    "-u, --urgent",
    "--dry-run",
    "--only <item,..>",
    "--format <text|json>",
    "--no-color",
    "--json",
  ]),
  spec("gather", "[...words]", ["--json"]),
  spec("show", "<plan|events>", []),
  spec("ps", "", ["--json"]),
];

function spec(name: string, args: string, flags: readonly string[]): CommandSpec {
  const options = flags.map((each) => ({ flags: each, about: "" }));
  const load = () => Promise.reject(new Error("never loaded here"));
  return { name, args, summary: "", options, examples: [], load };
}

function read(argv: readonly string[]): unknown {
  try {
    const request = parseArguments(specs, argv);
    if (request.kind === "version") return "version";
    if (request.kind === "help") return `help ${request.command?.name ?? "overview"}`;
    return [request.command.name, request.args, request.options];
  } catch (error) {
    if (!(error instanceof RaError)) throw error;
    expect([error.code, error.exitCode]).toEqual(["USAGE", ExitCode.usage]);
    return error.hint === undefined ? error.message : `${error.message} | ${error.hint}`;
  }
}

/** `send` with `ann` as its argument; `color` is true unless it is switched off. */
function send(options: object, args: readonly string[] = ["ann"]): unknown {
  return ["send", args, { color: true, ...options }];
}

const understood: readonly (readonly [readonly string[], unknown])[] = [
  [["ps"], ["ps", [], {}]],
  [["send", "ann"], send({})],
  [["send", "ann", "--title", "007"], send({ title: "007" })],
  [["send", "ann", "--title", "12345678e9"], send({ title: "12345678e9" })],
  [["send", "ann", "--title", "0x1f"], send({ title: "0x1f" })],
  [["send", "ann", "--title", "1.10"], send({ title: "1.10" })],
  [["send", "ann", "--title", "true"], send({ title: "true" })],
  [["send", "ann", "--title", ""], send({ title: "" })],
  [["send", "ann", "--title="], send({ title: "" })],
  [["send", "--title=", "ann"], send({ title: "" })],
  [["send", "ann", "--title=a=b"], send({ title: "a=b" })],
  [["send", "ann", "--title=--json"], send({ title: "--json" })],
  [["send", "ann", "--title", "-"], send({ title: "-" })],
  [["send", "ann", "--title", "-1"], send({ title: "-1" })],
  [["send", "ann", "--title", "a b\nc"], send({ title: "a b\nc" })],
  [["send", "ann", "--title", "v0"], send({ title: "v0" })],
  [["send", "ann", "-c", "3"], send({ copies: "3" })],
  [["send", "ann", "-c3"], send({ copies: "3" })],
  [["send", "ann", "-c=3"], send({ copies: "3" })],
  [["send", "-qu", "ann"], send({ quiet: true, urgent: true })],
  [["send", "ann", "-quc", "3"], send({ quiet: true, urgent: true, copies: "3" })],
  [["send", "--dry-run", "ann"], send({ dryRun: true })],
  [["send", "--quiet", "ann", "note"], send({ quiet: true }, ["ann", "note"])],
  [["send", "--no-color", "ann"], send({ color: false })],
  [["send", "--color", "ann"], send({})],
  [["send", "--no-dry-run", "ann"], send({ dryRun: false })],
  [["send", "ann", "--only", "a,b"], send({ only: ["a", "b"] })],
  [["send", "ann", "--only", "007"], send({ only: ["007"] })],
  [["send", "ann", "--only", "a", "--only=b, c"], send({ only: ["a", "b", "c"] })],
  [["send", "ann", "--only", "{a,b}/*.ts,c[,]"], send({ only: ["{a,b}/*.ts", "c[,]"] })],
  [["send", "ann", "--format", "json"], send({ format: "json" })],
  [["send", "0123"], send({}, ["0123"])],
  [["send", ""], send({}, [""])],
  [["send", "-"], send({}, ["-"])],
  [["send", "ann", "-"], send({}, ["ann", "-"])],
  [["send", "--", "--json"], send({}, ["--json"])],
  [["send", "--json", "--", "-q", "--"], send({ json: true }, ["-q", "--"])],
  [["send", "__proto__", "constructor"], send({}, ["__proto__", "constructor"])],
  [["gather"], ["gather", [], {}]],
  [
    ["gather", "1", "02", "", "x"],
    ["gather", ["1", "02", "", "x"], {}],
  ],
  [
    ["show", "events"],
    ["show", ["events"], {}],
  ],
  [[], "help overview"],
  [["-h"], "help overview"],
  [["--help"], "help overview"],
  [["help"], "help overview"],
  [["help", "send"], "help send"],
  [["send", "--bogus", "--help"], "help send"],
  [["ps", "-h"], "help ps"],
  [["send", "--", "--help"], send({}, ["--help"])],
  [["--version"], "version"],
  [["-V"], "version"],
];

const refused: readonly (readonly [readonly string[], string])[] = [
  [["sned"], "unknown command `sned` | did you mean `ra send`?"],
  [["xyzzy"], "unknown command `xyzzy` | `ra --help` lists the commands"],
  [[""], "unknown command `` | `ra --help` lists the commands"],
  [["-"], "unknown command `-` | `ra --help` lists the commands"],
  [["help", "sned"], "unknown command `sned` | did you mean `ra send`?"],
  [["help", "ps", "send"], "`ra help` takes one command | run `ra --help`"],
  [
    ["--json", "ps"],
    "option `--json` stands before the command | put it behind: `ra send ... --json`",
  ],
  [["--bogus"], "unknown option `--bogus` | `ra --help` lists the commands"],
  [["ps", "--jsno"], "unknown option `--jsno` for `ra ps` | did you mean `--json`?"],
  [["ps", "-json"], "unknown option `-json` for `ra ps` | did you mean `--json`?"],
  [
    ["ps", "--constructor"],
    "unknown option `--constructor` for `ra ps` | `ra ps --help` lists the options; put `--` before text that starts with a dash",
  ],
  [
    ["ps", "--__proto__=1"],
    "unknown option `--__proto__` for `ra ps` | `ra ps --help` lists the options; put `--` before text that starts with a dash",
  ],
  [
    ["send", "x", "--dryRun"],
    "unknown option `--dryRun` for `ra send` | did you mean `--dry-run`?",
  ],
  [
    ["send", "x", "--no-title"],
    "unknown option `--no-title` for `ra send` | `ra send --help` lists the options; put `--` before text that starts with a dash",
  ],
  [
    ["send", "x", "-qz"],
    "unknown option `-qz` for `ra send` | `ra send --help` lists the options; put `--` before text that starts with a dash",
  ],
  [["send"], "`ra send` needs `<to>` | usage: ra send <to> [note]"],
  [["ps", "x"], "`ra ps` has no use for `x` | usage: ra ps"],
  [
    ["send", "a", "b", "c"],
    "`ra send` has no use for `c` | usage: ra send <to> [note] (quote text that holds spaces)",
  ],
  [["send", "x", "--title"], "option `--title` needs a value | write `--title <text>`"],
  [["send", "x", "-c"], "option `-c` needs a value | write `-c <N>`"],
  [["send", "x", "--title", "--"], "option `--title` needs a value | write `--title <text>`"],
  [
    ["send", "x", "--title", "--json"],
    "option `--title` needs a value | write `--title=--json` if `--json` is the value",
  ],
  [
    ["send", "x", "-t", "-q"],
    "option `-t` needs a value | write `--title=-q` if `-q` is the value",
  ],
  [["send", "x", "--json=true"], "option `--json` takes no value | run `ra send --help`"],
  [["send", "x", "-q=1"], "option `-q` takes no value | run `ra send --help`"],
  [
    ["send", "x", "--title", "a", "-t", "b"],
    "option `-t` is given more than once | keep one of them",
  ],
  [["send", "x", "-qq"], "option `-q` is given more than once | keep one of them"],
  [
    ["send", "x", "--quiet", "--no-quiet"],
    "option `--no-quiet` is given more than once | keep one of them",
  ],
  [["send", "x", "--only", "a,,b"], "option `--only` has an empty item | write `--only A,B`"],
  [["send", "x", "--only="], "option `--only` has an empty item | write `--only A,B`"],
  [
    ["send", "x", "--format", "jsn"],
    "option `--format` does not know `jsn` | did you mean `json`?",
  ],
  [
    ["send", "x", "--format", "xml"],
    "option `--format` does not know `xml` | it is one of `text`, `json`",
  ],
  [["show", "plans"], "`ra show` does not know `plans` | did you mean `plan`?"],
];

describe("arguments that are understood", () => {
  for (const [argv, expected] of understood) {
    test(`reads ${JSON.stringify(argv)}`, () => {
      const request = read(argv);

      expect(request).toEqual(expected);
    });
  }
});

describe("arguments that are refused", () => {
  for (const [argv, expected] of refused) {
    test(`refuses ${JSON.stringify(argv)}`, () => {
      const request = read(argv);

      expect(request).toBe(expected);
    });
  }
});

test("takes no property of Object for an option", () => {
  const request = parseArguments(specs, ["ps"]);

  expect(request).toHaveProperty("options", {});
  expect(({} as Record<string, unknown>).json).toBeUndefined();
});
