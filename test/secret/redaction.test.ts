import { describe, expect, test } from "bun:test";
import { createRedactor, type Redactor } from "../../core/secret/redactor.ts";

/** A sequence of numbers in 0..1 that is the same for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const alphabets = [
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
  "0123456789abcdef",
  "abcXYZ0189+/=",
  "p\"\\/<>&%+ ~!*()$'#@:;,?",
  "äöüß日本語🛒é",
] as const;

/** Secrets of every length from 6 bytes up, of letters, marks and other scripts. */
function secretsOf(seed: number, count: number): string[] {
  const next = random(seed);
  return Array.from({ length: count }, (_, at) => {
    const alphabet = [...alphabets[at % alphabets.length]!];
    const length = 6 + Math.floor(next() * 30);
    const middle = Array.from(
      { length },
      () => alphabet[Math.floor(next() * alphabet.length)] as string,
    );
    return `k${middle.join("")}${at}`;
  });
}

const url64 = (text: string): string => text.replaceAll("+", "-").replaceAll("/", "_");
const behind = (offset: number, secret: string): string =>
  Buffer.from(`${"\u0001".repeat(offset)}${secret}\u0001\u0001`).toString("base64");

/** Encodings that a program may print a secret in, and what must not be left of it: null for the whole of it. */
const encodings: Readonly<Record<string, (secret: string) => string>> = {
  raw: (secret) => secret,
  "base64 at 0": (secret) => behind(0, secret),
  "base64 at 1": (secret) => behind(1, secret),
  "base64 at 2": (secret) => behind(2, secret),
  "base64url at 0": (secret) => url64(behind(0, secret)),
  "base64url at 1": (secret) => url64(behind(1, secret)),
  "base64url at 2": (secret) => url64(behind(2, secret)),
  "a URL": (secret) => encodeURIComponent(secret),
  "a form": (secret) => new URLSearchParams({ v: secret }).toString().slice(2),
  JSON: (secret) => JSON.stringify(secret).slice(1, -1),
  hex: (secret) => Buffer.from(secret).toString("hex"),
  HEX: (secret) => Buffer.from(secret).toString("hex").toUpperCase(),
};

function redactorOf(secrets: readonly string[]): Redactor {
  const redactor = createRedactor(secrets);
  if (redactor === null) throw new Error("there is nothing to hide");
  return redactor;
}

/** What comes out of a stream that gets the bytes cut at these offsets. */
function through(redactor: Redactor, bytes: Uint8Array, cuts: readonly number[]): string {
  const stream = redactor.stream();
  const parts = [0, ...cuts].map((from, at) =>
    stream.push(bytes.subarray(from, cuts[at] ?? bytes.length)),
  );
  return Buffer.concat([...parts, stream.end()]).toString("latin1");
}

describe("a secret", () => {
  const secrets = secretsOf(7, 50);
  const redactor = redactorOf(secrets);

  test("never comes through, in any encoding and however the stream is cut", () => {
    let cases = 0;
    const leaks: string[] = [];
    for (const secret of secrets) {
      for (const [name, encode] of Object.entries(encodings)) {
        const bytes = Buffer.from(`<${encode(secret)}>`);
        const whole = through(redactor, bytes, []);
        // Of base64 the characters at both ends hold bits of what stands beside the secret, too.
        const left = name.startsWith("base64") ? 9 : 0;
        const shown = whole.slice(1, -1).replace("***", "");
        if (!whole.includes("***") || shown.length > left)
          leaks.push(`${name} ${secret}: ${whole}`);
        for (let cut = 0; cut <= bytes.length; cut++) {
          cases += 1;
          const split = through(redactor, bytes, [cut]);
          if (split !== whole) leaks.push(`${name} ${secret} cut at ${cut}: ${split}`);
        }
      }
    }

    expect(leaks).toEqual([]);
    expect(cases).toBeGreaterThan(10_000);
  });

  test("is hidden alike in pieces of one byte and of any size, beside others and overlapping them", () => {
    const next = random(11);
    const near = redactorOf([
      "abcdefgh",
      "efghijkl",
      "ijklabcd",
      "abcdefghijkl",
      "aaaaaa",
      "aaaab1",
    ]);
    for (let round = 0; round < 500; round++) {
      const text = Array.from({ length: 60 }, () => {
        const pieces = ["abcd", "efgh", "ijkl", "aaa", "b1", "-", "x"];
        return pieces[Math.floor(next() * pieces.length)] as string;
      }).join("");
      const bytes = Buffer.from(text);
      const cuts = Array.from({ length: 8 }, () => Math.floor(next() * bytes.length)).sort(
        (a, b) => a - b,
      );

      const whole = through(near, bytes, []);

      expect(through(near, bytes, [...bytes.keys()])).toBe(whole);
      expect(through(near, bytes, cuts)).toBe(whole);
      for (const hidden of ["abcdefgh", "efghijkl", "ijklabcd", "aaaaaa", "aaaab1"])
        expect(whole).not.toContain(hidden);
    }
  });

  test("of several lines is hidden line by line, but not the lines that every key has", () => {
    const key =
      "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKC\r\nAQEAx7x9\n\n-----END RSA PRIVATE KEY-----\n";
    const lines = redactorOf([key]);

    const shown = lines.text("a MIIEowIBAAKC b AQEAx7x9 c -----BEGIN RSA PRIVATE KEY----- ");

    expect(shown).toBe("a *** b *** c -----BEGIN RSA PRIVATE KEY----- ");
    expect(lines.text(`x${key.trim()}y`)).toBe("x***y");
    expect(lines.text(JSON.stringify({ key: key.trim() }))).toBe('{"key":"***"}');
  });

  test("leaves everything else as it is, byte by byte", () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => (at * 7919) % 256);

    const shown = through(redactor, bytes, [1, 5, 4096, 65_536]);

    expect(shown).toBe(Buffer.from(bytes).toString("latin1"));
    expect(redactor.text("half a pair \ud800")).toBe("half a pair \ud800");
  });
});

test("nothing is spent where there is no secret", () => {
  expect(createRedactor([])).toBeNull();
  expect(createRedactor(["short", "a\nb"])).toBeNull();
});
