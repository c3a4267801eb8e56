import { readFileSync, statSync } from "node:fs";

/** Sizes in bytes, from the description of SQLite's file format. */
const walHeaderBytes = 32;
const frameHeaderBytes = 24;
const smallestPage = 512;

/** How often a registry is read that changes meanwhile. */
const triesMax = 20;

/**
 * Reads a registry whole, as of its last transaction, without a lock and without writing a byte: its file with its log
 * (`-wal`) applied. For a disk that is full or read-only. Null when it changes all the time.
 */
export function readImage(path: string): Uint8Array | null {
  for (let tries = 0; tries < triesMax; tries++) {
    const before = versionOf(path);
    const file = readFileSync(path);
    const log = readIfThere(`${path}-wal`);
    // Only a checkpoint writes the file itself; what is added to the log meanwhile lacks its end and does not count.
    if (versionOf(path) === before) return applied(file, log);
  }
  return null;
}

function versionOf(path: string): string {
  const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  const log = readIfThere(`${path}-wal`).subarray(0, walHeaderBytes);
  return [ino, size, mtimeNs, ctimeNs, log.toString("hex")].join(" ");
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

/** The file with every whole transaction of the log. The result says that it has no log. */
function applied(file: Buffer, log: Buffer): Uint8Array {
  const pages = committedPages(log);
  const image = new Uint8Array(Math.max(file.length, pages?.bytes ?? 0));
  image.set(file);
  for (const [number, page] of pages?.byNumber ?? []) {
    image.set(page, (number - 1) * page.length);
  }
  // Versions for writing and for reading: 2 is a log, 1 is none.
  if (image.length > 20) image.fill(1, 18, 20);
  return pages === null ? image : image.subarray(0, pages.bytes);
}

interface Pages {
  readonly byNumber: ReadonlyMap<number, Buffer>;
  /** Length of the database after the last transaction. */
  readonly bytes: number;
}

/** The newest state of each page that a whole transaction wrote; null when there is none. */
function committedPages(log: Buffer): Pages | null {
  if (log.length < walHeaderBytes) return null;
  const magic = log.readUInt32BE(0);
  if (magic !== 0x377f0682 && magic !== 0x377f0683) return null;
  const isBigEndian = magic === 0x377f0683;
  const pageBytes = log.readUInt32BE(8);
  const salts = log.subarray(16, 24);
  let sum = checksum([0, 0], log.subarray(0, 24), isBigEndian);
  if (pageBytes < smallestPage || !isSum(log, 24, sum)) return null;
  const byNumber = new Map<number, Buffer>();
  const open = new Map<number, Buffer>();
  let bytes = 0;
  const step = frameHeaderBytes + pageBytes;
  for (let at = walHeaderBytes; at + step <= log.length; at += step) {
    const page = log.subarray(at + frameHeaderBytes, at + step);
    if (!log.subarray(at + 8, at + 16).equals(salts)) break;
    sum = checksum(sum, log.subarray(at, at + 8), isBigEndian);
    sum = checksum(sum, page, isBigEndian);
    if (!isSum(log, at + 16, sum)) break;
    open.set(log.readUInt32BE(at), page);
    const pagesAfter = log.readUInt32BE(at + 4);
    if (pagesAfter === 0) continue;
    for (const [number, page] of open) byNumber.set(number, page);
    open.clear();
    bytes = pagesAfter * pageBytes;
  }
  // The database may have shrunk since a page was written.
  for (const number of byNumber.keys()) if (number * pageBytes > bytes) byNumber.delete(number);
  return bytes === 0 ? null : { byNumber, bytes };
}

type Sum = readonly [number, number];

/** SQLite's running checksum over pairs of 32-bit words. */
function checksum([first, second]: Sum, data: Buffer, isBigEndian: boolean): Sum {
  let [one, two] = [first, second];
  for (let at = 0; at < data.length; at += 8) {
    const [a, b] = isBigEndian
      ? [data.readUInt32BE(at), data.readUInt32BE(at + 4)]
      : [data.readUInt32LE(at), data.readUInt32LE(at + 4)];
    one = (one + a + two) >>> 0;
    two = (two + b + one) >>> 0;
  }
  return [one, two];
}

function isSum(log: Buffer, at: number, [one, two]: Sum): boolean {
  return log.readUInt32BE(at) === one && log.readUInt32BE(at + 4) === two;
}
