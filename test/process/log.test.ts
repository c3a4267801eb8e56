import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { logNotes, openLog } from "../../core/process/log.ts";
import { noteBytes } from "../../core/process/log-layout.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("makes no file for a silent program", () => {
  const path = join(temporaryDirectory(), "runs/r1/1.log");
  const log = openLog(path);

  log.write(new Uint8Array(0));
  log.end();

  expect(existsSync(path)).toBe(false);
  expect(existsSync(join(path, ".."))).toBe(false);
});

test("keeps output exactly up to the cap, readable by its owner alone", () => {
  const path = join(temporaryDirectory(), "runs/r1/1.log");
  const log = openLog(path, 200);

  log.write(Uint8Array.of(0, 255, 10));
  log.write(bytes("x".repeat(197)));
  log.end();

  expect(readFileSync(path)).toEqual(Buffer.from([0, 255, 10, ...bytes("x".repeat(197))]));
  expect([log.dropped, logNotes(log)]).toEqual([0, []]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("keeps head and tail of too much output and says how much is missing, whatever the chunks", () => {
  const text = Array.from({ length: 997 }, (_, i) => `${i} `).join("");
  for (const size of [1, 3, 7, 50, 64, 100, 333, text.length]) {
    const path = join(temporaryDirectory(), "1.log");
    const log = openLog(path, 200);

    for (let at = 0; at < text.length; at += size) log.write(bytes(text.slice(at, at + size)));
    log.end();

    const dropped = text.length - 200;
    const count = `\n[ra: ${String(dropped).padStart(15)} bytes dropped in all]\n`;
    expect(readFileSync(path, "utf8")).toBe(text.slice(0, 100) + count + text.slice(-100));
    expect([log.bytes, log.dropped]).toEqual([text.length, dropped]);
    expect(logNotes(log)).toEqual([`its log lacks ${dropped} bytes from the middle of the output`]);
  }
});

test("has the newest bytes on disk before it is ended", () => {
  const path = join(temporaryDirectory(), "1.log");
  const log = openLog(path, 200);

  log.write(bytes("x".repeat(995)));
  log.write(bytes("fatal"));

  expect(readFileSync(path, "utf8")).toContain("fatal");
  expect(statSync(path).size).toBe(200 + noteBytes);
  log.end();
  expect(statSync(path).size).toBe(200 + noteBytes);
});

test("drops what comes after the end", () => {
  const path = join(temporaryDirectory(), "1.log");
  const log = openLog(path);
  log.write(bytes("before"));
  log.end();

  log.write(bytes("after"));
  log.end();

  expect(readFileSync(path, "utf8")).toBe("before");
});

test("tells of a disk error without throwing", () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, "file"), "");
  mkdirSync(join(directory, "1.log"));

  const logs = ["1.log", "file/1.log"].map((name) => openLog(join(directory, name)));
  for (const log of logs) log.write(bytes("text"));
  for (const log of logs) log.end();

  expect(logs.map((log) => log.problem !== null)).toEqual([true, true]);
  expect(logs.map((log) => log.bytes)).toEqual([4, 4]);
});
