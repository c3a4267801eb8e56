/** A broken promise inside `ra` itself; caught in `cli/main.ts` alone, exit code 70. */
export class Bug extends Error {
  override readonly name = "Bug";
}

/** Throws a `Bug` when something that must hold does not. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Bug(message);
}

/** Closes a switch over a union: the compiler proves that no case is left. */
export function unreachable(value: never): never {
  throw new Bug(`unreachable case: ${JSON.stringify(value)}`);
}
