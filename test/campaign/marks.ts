import type { Files } from "./files.ts";

/**
 * Words that an edit writes into one place, so that counting them tells whose changes a tree holds. Edits never
 * write a mark a second time; a rename or a revert may carry it elsewhere.
 */
export class Marks {
  readonly #owner: string;
  #count = 0;

  constructor(owner: string) {
    this.#owner = owner;
  }

  next(): string {
    return `~${this.#owner}n${this.#count++}~`;
  }
}

const pattern = /~[a-z0-9]+~/g;

/** How often each mark stands in a tree. */
export function countMarks(files: Files): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { data } of files.values()) {
    for (const [mark] of data.matchAll(pattern)) counts.set(mark, (counts.get(mark) ?? 0) + 1);
  }
  return counts;
}

/**
 * Marks for which a merged tree is not the three-way merge of its sides: one that the result left alone must stay
 * as it was in the old tree, and one that only the result changed must be as in the result. `union`: both sides'
 * lines may have been kept, so that only what is missing counts.
 */
export function wrongMarks(
  trees: { readonly base: Files; readonly old: Files; readonly result: Files; readonly now: Files },
  union: boolean,
): string[] {
  const [base, old, result, now] = [trees.base, trees.old, trees.result, trees.now].map(countMarks);
  const all = new Set([...base!.keys(), ...old!.keys(), ...result!.keys(), ...now!.keys()]);
  return [...all].filter((mark) => {
    const [b, o, r, n] = [base, old, result, now].map((counts) => counts!.get(mark) ?? 0);
    if (union) return (r === b && n! < o!) || (r! > b! && n === 0);
    if (r === b) return n !== o;
    if (o === b) return n !== r;
    return r! > b! && n === 0;
  });
}
