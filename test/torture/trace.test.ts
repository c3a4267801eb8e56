import { expect, test } from "bun:test";
import { FlushedDisk, readTrace } from "./trace.ts";

/** What a power cut after these lines of strace might take of a file. */
function lacks(path: string, ...lines: readonly string[]): string[] {
  const disk = new FlushedDisk();
  for (const moment of readTrace(lines.join("\n"))) if (moment.kind === "ends") disk.apply(moment);
  return disk.lacks(path);
}

const opened = '7  openat(AT_FDCWD</d>, "t", O_WRONLY|O_CREAT|O_EXCL, 0666) = 3</d/t>';
const written = '7  write(3</d/t>, "text\\n", 5) = 5';
const flushed = "7  fsync(3</d/t>) = 0";
const renamed = '7  rename("t", "/d/f") = 0';
const flushedDirectory = "7  fsync(4</d>) = 0";

test("a file that was flushed, named and had its directory flushed is there after a power cut", () => {
  expect(lacks("/d/f", opened, written, flushed, renamed, flushedDirectory)).toEqual([]);
  expect(lacks("/d/never-touched")).toEqual([]);
});

test("content that was not flushed, or was written again since, is missed", () => {
  expect(lacks("/d/f", opened, written, renamed, flushedDirectory)).toEqual([
    "the content of /d/f",
  ]);
  expect(lacks("/d/t", opened, written, flushed, written, flushedDirectory)).toEqual([
    "the content of /d/t",
  ]);
});

test("names that were made after their directory was flushed are missed, those of new directories too", () => {
  const made = '7  mkdir("/d", 0777) = 0';
  const flushedTop = "7  fsync(5</>) = 0";

  expect(lacks("/d/f", opened, written, flushed, flushedDirectory, renamed)).toEqual([
    "the name of /d/f",
  ]);
  const all = [made, opened, written, flushed, renamed, flushedDirectory];
  expect(lacks("/d/f", ...all)).toEqual(["the name of /d"]);
  expect(lacks("/d/f", ...all, flushedTop)).toEqual([]);
});

test("a flush covers only what was over when it began, and counts only once it is over", () => {
  const begins = "8  fsync(3</d/t> <unfinished ...>";
  const ends = "8  <... fsync resumed>) = 0";

  const content = ["the content of /d/t"];
  expect(lacks("/d/t", opened, flushedDirectory, begins, written, ends)).toEqual(content);
  expect(lacks("/d/t", opened, flushedDirectory, written, begins)).toEqual(content);
  expect(lacks("/d/t", opened, flushedDirectory, written, begins, ends)).toEqual([]);
});

test("a call that failed did nothing, and a directory that moves takes its files along", () => {
  const refused = "7  fsync(3</d/t>) = -1 EIO (Input/output error)";
  const moved = '7  renameat2(AT_FDCWD</>, "d", AT_FDCWD</>, "e", RENAME_NOREPLACE) = 0';
  const flushedTop = "7  fsync(5</>) = 0";

  expect(lacks("/d/t", opened, written, refused, flushedDirectory)).toEqual([
    "the content of /d/t",
  ]);
  expect(lacks("/e/t", opened, written, flushedDirectory, moved, flushedTop)).toEqual([
    "the content of /e/t",
  ]);
});
