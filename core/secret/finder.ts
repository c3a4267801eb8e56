/** Bytes of a block, by which the search decides how far it may jump. */
const blockBytes = 3;
const slots = 1 << 18;

/** More than this is not gained by looking at longer beginnings. */
const windowMax = 32;

/**
 * Looks for many byte strings at once, after Wu and Manber: most of a text is jumped over. Each form must have at
 * least 3 bytes, and there must be one.
 */
export class Finder {
  readonly #window: number;
  /** How far the search may go on from a block, by the block's slot; 0 where a form may end its window. */
  readonly #jumps: Uint8Array;
  /** Forms by the slot of the block that ends their window. */
  readonly #candidates = new Map<number, Uint8Array[]>();
  /** Forms by their first byte. */
  readonly #byFirst: readonly Uint8Array[][];
  /** 1 for each two bytes that begin a form. */
  readonly #pairs = new Uint8Array(1 << 16);
  readonly #longest: number;

  constructor(forms: readonly Uint8Array[]) {
    const lengths = forms.map(({ length }) => length);
    this.#longest = lengths.reduce((most, length) => Math.max(most, length), 0);
    this.#window = lengths.reduce((least, length) => Math.min(least, length), windowMax);
    this.#jumps = new Uint8Array(slots).fill(this.#window - blockBytes + 1);
    this.#byFirst = Array.from({ length: 256 }, () => []);
    for (const form of forms) this.#add(form);
  }

  #add(form: Uint8Array): void {
    for (let end = blockBytes - 1; end < this.#window; end++) {
      const slot = slotOf(form, end);
      this.#jumps[slot] = Math.min(this.#jumps[slot]!, this.#window - 1 - end);
    }
    const slot = slotOf(form, this.#window - 1);
    const known = this.#candidates.get(slot);
    if (known) known.push(form);
    else this.#candidates.set(slot, [form]);
    this.#byFirst[form[0]!]!.push(form);
    this.#pairs[(form[0]! << 8) | form[1]!] = 1;
  }

  /** Calls `found` for each place where a form stands, in order, with the end of the longest one there. */
  each(bytes: Uint8Array, found: (start: number, end: number) => void): void {
    const jumps = this.#jumps;
    const last = this.#window - 1;
    for (let at = last; at < bytes.length; ) {
      const slot = (bytes[at - 2]! << 10) ^ (bytes[at - 1]! << 5) ^ bytes[at]!;
      const jump = jumps[slot]!;
      if (jump > 0) {
        at += jump;
        continue;
      }
      const start = at - last;
      const length = this.#lengthAt(bytes, start, slot);
      if (length > 0) found(start, start + length);
      at += 1;
    }
  }

  #lengthAt(bytes: Uint8Array, start: number, slot: number): number {
    let longest = 0;
    for (const form of this.#candidates.get(slot) ?? []) {
      if (form.length > longest && standsAt(form, bytes, start, form.length)) longest = form.length;
    }
    return longest;
  }

  /** Where the end of `bytes` may be the beginning of a form that goes on in what comes; its length when it is not. */
  openEnd(bytes: Uint8Array): number {
    const end = bytes.length;
    for (let start = Math.max(0, end - this.#longest + 1); start < end; start++) {
      const first = bytes[start]!;
      if (start + 1 < end && this.#pairs[(first << 8) | bytes[start + 1]!] === 0) continue;
      const left = end - start;
      for (const form of this.#byFirst[first]!) {
        if (form.length > left && standsAt(form, bytes, start, left)) return start;
      }
    }
    return end;
  }
}

function slotOf(bytes: Uint8Array, end: number): number {
  return (bytes[end - 2]! << 10) ^ (bytes[end - 1]! << 5) ^ bytes[end]!;
}

function standsAt(form: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (start + length > bytes.length) return false;
  for (let at = 0; at < length; at++) if (form[at] !== bytes[start + at]) return false;
  return true;
}
