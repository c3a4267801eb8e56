import { expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { LogTail } from "../../cli/log-tail.ts";
import { openLog } from "../../core/process/log.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

/** A sequence of numbers in 0..1 that is the same for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function read(tail: LogTail, isOpen: boolean): string {
  return Buffer.concat([...tail.read(isOpen)]).toString("latin1");
}

/** What was printed, rebuilt from what was read: gaps are filled from the original by the length they tell. */
function rebuilt(shown: string, original: string): string {
  let text = "";
  for (const [at, part] of shown.split(/\n\[ra: (\d+) bytes dropped\]\n/).entries()) {
    text += at % 2 === 0 ? part : original.slice(text.length, text.length + Number(part));
  }
  return text;
}

const line = (number: number): string => `line ${number} ${"ä".repeat(number % 7)}\n`;

test("follows a log beyond its cap: nothing is told twice, garbled or missing without a word", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const next = random(seed);
    const path = join(temporaryDirectory(), "1.log");
    const log = openLog(path, 200 + Math.floor(next() * 2000));
    const tail = new LogTail(path);
    let [original, shown] = ["", ""];
    for (let write = 0; write < 60; write++) {
      const count = Math.floor(next() ** 3 * 80);
      const text = Array.from({ length: count }, (_, i) => line(write * 100 + i)).join("");
      log.write(Buffer.from(text));
      original += Buffer.from(text).toString("latin1");
      if (next() < 0.5) shown += read(tail, true);
    }

    log.end();
    shown += read(tail, false);

    expect(rebuilt(shown, original)).toBe(original);
  }
});

test("shows a log in order that was never ended, as after the death of `ra`", () => {
  const path = join(temporaryDirectory(), "1.log");
  const log = openLog(path, 400);
  const original = Array.from({ length: 500 }, (_, i) => `${i}\n`).join("");
  log.write(Buffer.from(original));

  const shown = read(new LogTail(path), false);

  const dropped = original.length - 400;
  expect(shown).toBe(
    `${original.slice(0, 200)}\n[ra: ${dropped} bytes dropped]\n${original.slice(-200)}`,
  );
  log.end();
  expect(read(new LogTail(path), false)).toBe(shown);
});

test("holds half a line back while the log is open, but no line without an end", () => {
  const path = join(temporaryDirectory(), "1.log");
  const tail = new LogTail(path);

  appendFileSync(path, "one\ntw");
  const first = read(tail, true);
  appendFileSync(path, `o\r\n${"ä".repeat(40_000)}`);
  const second = read(tail, true);
  const rest = read(tail, false);

  expect(first).toBe("one\n");
  expect(second).toBe(`two\r\n`);
  expect(Buffer.from(rest, "latin1").toString()).toBe("ä".repeat(40_000));
});

test("cuts an endless line between two characters", () => {
  const path = join(temporaryDirectory(), "1.log");
  const tail = new LogTail(path);
  appendFileSync(path, Buffer.from(`a${"ä".repeat(40_000)}`).subarray(0, -1));

  const shown = read(tail, true);

  expect(Buffer.from(shown, "latin1").toString()).toBe(`a${"ä".repeat(39_999)}`);
});
