/** A planted bug: a text that stands once in a file, and what takes its place. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly replacement: string;
  /** Test files that must fail; null: the simulation must. */
  readonly tests: readonly string[] | null;
}

/** One that only the simulation can find. */
export function inSimulation(
  name: string,
  file: string,
  text: string,
  replacement: string,
): Mutant {
  return { name, file, text, replacement, tests: null };
}

/** One that a test finds. */
export function inTests(
  name: string,
  file: string,
  text: string,
  replacement: string,
  ...tests: string[]
): Mutant {
  return { name, file, text, replacement, tests };
}

/** Path of a file of the dispatcher. */
export const dispatch = (name: string): string => `core/dispatch/${name}.ts`;
