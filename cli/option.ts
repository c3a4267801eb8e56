import { assert } from "../core/assert.ts";
import type { Options } from "./command.ts";
import { usageError } from "./usage.ts";

/** True when the flag is set. */
export function flag(options: Options, name: string): boolean {
  return options[name] === true;
}

/** The text of an option with a value; undefined when it is not given. */
export function text(options: Options, name: string): string | undefined {
  const value = options[name];
  assert(value === undefined || typeof value === "string", `option ${name} holds no text`);
  return value;
}

/** The items of a list option, in the order they were typed; empty when it is not given. */
export function list(options: Options, name: string): readonly string[] {
  const value = options[name] ?? [];
  assert(Array.isArray(value), `option ${name} holds no list`);
  return value;
}

/** A whole number from `min` to `max`; undefined when it is not given. Anything else is an `RaError`, exit 2. */
export function integer(
  options: Options,
  name: string,
  range: { readonly min: number; readonly max: number },
): number | undefined {
  const value = text(options, name);
  if (value === undefined) return undefined;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= range.min && number <= range.max) return number;
  throw usageError(
    `option \`--${name}\` is \`${value}\``,
    `write a whole number from ${range.min} to ${range.max}`,
  );
}
