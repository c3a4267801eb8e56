import { type Command, cac } from "cac";
import { assert } from "../core/assert.ts";
import { ExitCode, RaError } from "../core/error.ts";
import { nearest } from "../core/nearest.ts";
import type { CommandSpec, Options } from "./command.ts";
import { usageError } from "./usage.ts";

type Option = Command["options"][number];

/** What a typed flag stands for. */
interface Flag {
  readonly option: Option;
  readonly negates: boolean;
}

interface Reading {
  readonly spec: CommandSpec;
  readonly flags: ReadonlyMap<string, Flag>;
  readonly seen: Set<string>;
  readonly values: string[];
  /** What cac gets: each value replaced by a handle, its place in `values`. */
  readonly forCac: string[];
}

/**
 * Reads the words behind a command's name. cac turns `007` into 7, `""` into 0 and lets a kebab-case flag
 * swallow the next word, so it is given normalised flags and handles in place of the values.
 */
export function readWords(
  spec: CommandSpec,
  words: readonly string[],
): { readonly args: readonly string[]; readonly options: Options } {
  const cli = cac("ra");
  const command = cli.command(`${spec.name} ${spec.args}`.trimEnd(), spec.summary);
  command.action(() => undefined);
  for (const option of spec.options) command.option(option.flags, option.about);
  const reading = {
    spec,
    flags: flagsOf(command.options),
    seen: new Set<string>(),
    values: [],
    forCac: [],
  };
  readAll(reading, words);
  cli.parse(["bun", "ra", spec.name, ...reading.forCac], { run: false });
  const args = cli.args.map((handle) => textOf(reading, handle));
  checkArguments(spec, command, args);
  runChecks(cli);
  return { args, options: collect(reading, command.options, cli.options) };
}

function flagsOf(options: readonly Option[]): Map<string, Flag> {
  const flags = new Map<string, Flag>();
  for (const option of options) {
    assert(option.isBoolean || option.required, `\`${option.rawName}\` has an optional value`);
    for (const spelling of option.rawName.replace(/[<[].*/, "").split(",")) {
      const name = spelling.trim();
      const opposite = option.negated ? name.replace(/^--no-/, "--") : name.replace(/^--/, "--no-");
      flags.set(name, { option, negates: option.negated });
      if (option.isBoolean && opposite !== name) {
        flags.set(opposite, { option, negates: !option.negated });
      }
    }
  }
  return flags;
}

function readAll(reading: Reading, words: readonly string[]): void {
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === "--") {
      for (const later of words.slice(at + 1)) addArgument(reading, later);
      return;
    }
    if (word.startsWith("--")) at += readLong(reading, word, words[at + 1]);
    else if (word.startsWith("-") && word !== "-") at += readShort(reading, word, words[at + 1]);
    else addArgument(reading, word);
  }
}

function addArgument(reading: Reading, value: string): void {
  reading.forCac.push(handleOf(reading, value));
}

/** Reads `--flag`, `--flag=value` or `--flag value`; the number of further words it took. */
function readLong(reading: Reading, word: string, next: string | undefined): 0 | 1 {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word : word.slice(0, equals);
  const flag = findFlag(reading, name, word);
  if (flag.option.isBoolean) {
    if (equals >= 0) throw usageError(`option \`${name}\` takes no value`, helpOf(reading.spec));
    addFlag(reading, flag, name);
    return 0;
  }
  if (equals >= 0) {
    addValue(reading, flag, name, word.slice(equals + 1));
    return 0;
  }
  addValue(reading, flag, name, requireValue(flag, name, next));
  return 1;
}

/** Reads `-q`, `-qa`, `-c3`, `-c=3` or `-c 3`; the number of further words it took. */
function readShort(reading: Reading, word: string, next: string | undefined): 0 | 1 {
  const letters = [...word.slice(1)];
  for (const [at, letter] of letters.entries()) {
    const name = `-${letter}`;
    const flag = findFlag(reading, name, word);
    const rest = letters.slice(at + 1).join("");
    if (flag.option.isBoolean) {
      if (rest.startsWith("=")) {
        throw usageError(`option \`${name}\` takes no value`, helpOf(reading.spec));
      }
      addFlag(reading, flag, name);
      continue;
    }
    if (rest !== "") {
      addValue(reading, flag, name, rest.replace(/^=/, ""));
      return 0;
    }
    addValue(reading, flag, name, requireValue(flag, name, next));
    return 1;
  }
  return 0;
}

function findFlag(reading: Reading, name: string, word: string): Flag {
  const flag = reading.flags.get(name);
  if (flag) return flag;
  const shown = word.replace(/=.*/s, "");
  const spelling = shown.replace(/^-+/, "");
  const known = new Map(
    [...reading.flags.keys()]
      .filter((key) => key.startsWith("--"))
      .map((key) => [key.slice(2), key]),
  );
  const near = spelling.length > 1 ? known.get(nearest(spelling, known.keys()) ?? "") : undefined;
  throw usageError(
    `unknown option \`${shown}\` for \`ra ${reading.spec.name}\``,
    near
      ? `did you mean \`${near}\`?`
      : `\`ra ${reading.spec.name} --help\` lists the options; put \`--\` before text that starts with a dash`,
  );
}

/** The next word, when it is a value: a dash starts an option unless a digit follows or it stands alone. */
function requireValue(flag: Flag, name: string, next: string | undefined): string {
  if (next !== undefined && (!next.startsWith("-") || next === "-" || /^-\.?\d/.test(next))) {
    return next;
  }
  throw usageError(
    `option \`${name}\` needs a value`,
    next === undefined || next === "--"
      ? `write \`${name} ${placeholder(flag.option)}\``
      : `write \`${longest(flag.option)}=${next}\` if \`${next}\` is the value`,
  );
}

function addFlag(reading: Reading, flag: Flag, name: string): void {
  refuseTwice(reading, flag, name);
  reading.forCac.push(flag.negates ? `--no-${flag.option.name}` : `--${flag.option.name}=true`);
}

function addValue(reading: Reading, flag: Flag, name: string, value: string): void {
  const list = isList(flag.option);
  if (!list) refuseTwice(reading, flag, name);
  const items = list ? splitList(value) : [value];
  for (const item of items) {
    if (list && item === "") {
      throw usageError(`option \`${name}\` has an empty item`, `write \`${name} A,B\``);
    }
    checkChoice(placeholder(flag.option), item, `option \`${name}\``);
    reading.forCac.push(`--${flag.option.name}=${handleOf(reading, item)}`);
  }
}

function refuseTwice(reading: Reading, flag: Flag, name: string): void {
  if (reading.seen.has(flag.option.name)) {
    throw usageError(`option \`${name}\` is given more than once`, "keep one of them");
  }
  reading.seen.add(flag.option.name);
}

function checkArguments(spec: CommandSpec, command: Command, args: readonly string[]): void {
  const missing = command.args.filter((arg) => arg.required)[args.length];
  const usage = `usage: ra ${spec.name} ${spec.args}`.trimEnd();
  if (missing) throw usageError(`\`ra ${spec.name}\` needs \`<${missing.value}>\``, usage);
  if (!command.args.some((arg) => arg.variadic) && args.length > command.args.length) {
    const extra = args[command.args.length];
    throw usageError(
      `\`ra ${spec.name}\` has no use for \`${extra}\``,
      command.args.length > 0 ? `${usage} (quote text that holds spaces)` : usage,
    );
  }
  for (const [at, arg] of command.args.entries()) {
    const value = args[at];
    if (value !== undefined) checkChoice(`<${arg.value}>`, value, `\`ra ${spec.name}\``);
  }
}

function checkChoice(holder: string, value: string, subject: string): void {
  if (!holder.includes("|")) return;
  const choices = holder.replace(/^[<[]|[>\]]$/g, "").split("|");
  if (choices.includes(value)) return;
  const near = nearest(value, choices);
  const list = choices.map((choice) => `\`${choice}\``).join(", ");
  throw usageError(
    `${subject} does not know \`${value}\``,
    near ? `did you mean \`${near}\`?` : `it is one of ${list}`,
  );
}

/** cac's own look at the result; nothing is left for it to find unless a rule above has a gap. */
function runChecks(cli: ReturnType<typeof cac>): void {
  try {
    cli.runMatchedCommand();
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== "CACError") throw cause;
    const message = cause.message.charAt(0).toLowerCase() + cause.message.slice(1);
    throw new RaError({ code: "USAGE", exitCode: ExitCode.usage, message, cause });
  }
}

function collect(
  reading: Reading,
  options: readonly Option[],
  parsed: Readonly<Record<string, unknown>>,
): Options {
  const entries: [string, string | boolean | readonly string[]][] = [];
  for (const option of options) {
    const value = parsed[option.name];
    if (value === undefined) continue;
    if (typeof value === "boolean") entries.push([option.name, value]);
    else {
      const texts = [value].flat().map((handle) => textOf(reading, handle));
      entries.push([option.name, isList(option) ? texts : texts[0]!]);
    }
  }
  return Object.fromEntries(entries);
}

function handleOf(reading: Reading, value: string): string {
  return `v${reading.values.push(value) - 1}`;
}

function textOf(reading: Reading, handle: unknown): string {
  const value = reading.values[Number(String(handle).slice(1))];
  assert(value !== undefined, `cac lost the handle ${String(handle)}`);
  return value;
}

function placeholder(option: Option): string {
  return option.rawName.replace(/^[^<[]*/, "");
}

function longest(option: Option): string {
  return option.rawName.split(/[ ,]+/).findLast((word) => word.startsWith("-")) ?? option.rawName;
}

function isList(option: Option): boolean {
  return option.rawName.endsWith(",..>");
}

/** Splits at commas, but not at those inside braces or brackets, which belong to a glob. */
function splitList(value: string): string[] {
  const items: string[] = [];
  let depth = 0;
  let item = "";
  for (const character of value) {
    if ("{[(".includes(character)) depth++;
    else if ("}])".includes(character)) depth = Math.max(0, depth - 1);
    if (character === "," && depth === 0) {
      items.push(item.trim());
      item = "";
    } else item += character;
  }
  return [...items, item.trim()];
}

function helpOf(spec: CommandSpec): string {
  return `run \`ra ${spec.name} --help\``;
}
