/** Comparisons one call may make; a plan of 10,000 tasks may hold 10,000 misspelt dependencies. */
const candidatesMax = 2_000;

/**
 * The candidate that `word` is most likely a slip of, or the only one that it begins; undefined when none is near.
 * Case does not count, and a swap of neighbours counts once.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.toLowerCase();
  const begun: string[] = [];
  let best: string | undefined;
  let bound = word.length < 2 ? 0 : Math.min(2, Math.floor(word.length / 3) + 1);
  let compared = 0;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    if (known === typed) return candidate;
    if (typed.length >= 2 && known.startsWith(typed) && begun.length < 2) begun.push(candidate);
    if (Math.abs(known.length - typed.length) > bound || typed.length > 100) continue;
    if (++compared > candidatesMax) break;
    const distance = editDistance(typed, known);
    if (distance < bound || (distance === bound && best === undefined)) {
      best = candidate;
      bound = distance;
    }
  }
  return best ?? (begun.length === 1 ? begun[0] : undefined);
}

/** A hint for a misspelt word, or `otherwise` when nothing is near. */
export function didYouMean(
  word: string,
  candidates: Iterable<string>,
  otherwise?: string,
): string | undefined {
  const near = nearest(word, candidates);
  return near === undefined ? otherwise : `did you mean \`${near}\`?`;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    before = above;
    above = row;
  }
  return above[b.length]!;
}
