import { Finder } from "./finder.ts";
import { secretForms } from "./form.ts";

/** Hides secrets in one stream of bytes. */
export interface RedactionStream {
  /** What may be shown now. The beginning of what may become a secret is kept back until more has come. */
  push(chunk: Uint8Array): Uint8Array;
  /** What was still kept back. */
  end(): Uint8Array;
}

/** Replaces secrets, in every form of `secretForms`, by `***`; those that overlap become one. */
export interface Redactor {
  text(text: string): string;
  /** For one pipe of a program: the result does not depend on how the bytes are cut into chunks. */
  stream(): RedactionStream;
}

const mask = new TextEncoder().encode("***");
const nothing = new Uint8Array(0);

/** A redactor for these values; null when there are none, so that nothing is spent on it. */
export function createRedactor(secrets: readonly string[]): Redactor | null {
  const forms = new Set(secrets.flatMap(secretForms));
  if (forms.size === 0) return null;
  const encoder = new TextEncoder();
  const finder = new Finder([...forms].map((form) => encoder.encode(form)));
  return {
    stream: () => new Stream(finder),
    text(text) {
      const bytes = encoder.encode(text);
      const stream = new Stream(finder);
      const shown = [stream.push(bytes), stream.end()];
      return stream.hid ? new TextDecoder().decode(Buffer.concat(shown)) : text;
    },
  };
}

class Stream implements RedactionStream {
  /** True once something was hidden. */
  hid = false;
  readonly #finder: Finder;
  #held: Uint8Array = nothing;
  /** How many bytes of `#held` belong to a secret whose mask has been given. */
  #hidden = 0;

  constructor(finder: Finder) {
    this.#finder = finder;
  }

  push(chunk: Uint8Array): Uint8Array {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    return this.#show(bytes, this.#finder.openEnd(bytes));
  }

  end(): Uint8Array {
    return this.#show(this.#held, this.#held.length);
  }

  /** Gives what stands before `until` and holds the rest. */
  #show(bytes: Uint8Array, until: number): Uint8Array {
    const parts: Uint8Array[] = [];
    // Up to here all is given or hidden.
    let done = this.#hidden;
    this.#finder.each(bytes, (start, end) => {
      // What begins in the open end is found again, with more of it.
      if (start >= until || end <= done) return;
      if (start >= done) parts.push(bytes.subarray(done, start), mask);
      this.hid = true;
      done = end;
    });
    if (done < until) parts.push(bytes.subarray(done, until));
    this.#hidden = Math.max(0, done - until);
    this.#held = until === bytes.length ? nothing : bytes.slice(until);
    if (parts.length === 0) return nothing;
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}
