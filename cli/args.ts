import { nearest } from "../core/nearest.ts";
import type { CommandSpec, Options } from "./command.ts";
import { usageError } from "./usage.ts";
import { readWords } from "./words.ts";

/** What a command line asks for. `help` without a command is the overview. */
export type Request =
  | { readonly kind: "help"; readonly command: CommandSpec | undefined }
  | { readonly kind: "version" }
  | {
      readonly kind: "command";
      readonly command: CommandSpec;
      readonly args: readonly string[];
      /** Keys in camel case. Text for options with a value, a list for `<x,..>`, true or false for the rest. */
      readonly options: Options;
    };

/**
 * Reads a command line strictly. Every value stays the text that was typed; whatever is unknown, missing,
 * given twice or in excess is an `RaError` (`USAGE`, exit 2). In a spec `<name,..>` marks a list (split at
 * commas outside braces, may be repeated) and `<a|b>` a closed set of values.
 */
export function parseArguments(specs: readonly CommandSpec[], argv: readonly string[]): Request {
  const [word, ...rest] = argv;
  if (word === undefined || isHelp(word)) return { kind: "help", command: undefined };
  if (word === "--version" || word === "-V") return { kind: "version" };
  if (word === "help") return helpRequest(specs, rest);
  if (word.startsWith("-") && word !== "-") throw misplacedOption(specs, word);
  const command = findCommand(specs, word);
  const end = rest.indexOf("--");
  if ((end < 0 ? rest : rest.slice(0, end)).some(isHelp)) return { kind: "help", command };
  return { kind: "command", command, ...readWords(command, rest) };
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}

function helpRequest(specs: readonly CommandSpec[], rest: readonly string[]): Request {
  const words = rest.filter((word) => !isHelp(word));
  if (words.length > 1) throw usageError("`ra help` takes one command", "run `ra --help`");
  const name = words[0];
  return { kind: "help", command: name === undefined ? undefined : findCommand(specs, name) };
}

function findCommand(specs: readonly CommandSpec[], name: string): CommandSpec {
  const found = specs.find((spec) => spec.name === name);
  if (found) return found;
  const near = nearest(
    name,
    specs.map((spec) => spec.name),
  );
  throw usageError(
    `unknown command \`${name}\``,
    near ? `did you mean \`ra ${near}\`?` : "`ra --help` lists the commands",
  );
}

function misplacedOption(specs: readonly CommandSpec[], word: string): Error {
  const flag = word.replace(/=.*/s, "");
  const owner = specs.find((spec) =>
    spec.options.some((option) => option.flags.split(/[ ,]+/).includes(flag)),
  );
  return owner
    ? usageError(
        `option \`${flag}\` stands before the command`,
        `put it behind: \`ra ${owner.name} ... ${flag}\``,
      )
    : usageError(`unknown option \`${flag}\``, "`ra --help` lists the commands");
}
