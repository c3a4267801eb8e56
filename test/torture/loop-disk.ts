import { dlopen } from "bun:ffi";
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** `EXT4_IOC_SHUTDOWN` and its flag that throws away whatever is not on the disk yet, the journal of ext4 included. */
const shutdownRequest = 0x8004587dn;
const noLogFlush = 2;

/** How often a directory that is busy for a moment is taken from its place again. */
const unmountTries = 200;

/** A file with an ext4 in it that is mounted below a directory. */
export interface LoopDisk extends Disposable {
  /** Where it is mounted. */
  readonly path: string;
  /** Bytes that programs may still write. */
  freeBytes(): number;
  /** The power goes: nothing that was not flushed is there any more, and nothing can be written. */
  cut(): void;
  /** Takes the disk away and mounts it again, as after a start of the machine. */
  restart(): Promise<void>;
  /** Puts an image in its place, and mounts that. */
  replace(image: string): Promise<void>;
}

/** Why no disk can be mounted here; null when one can. It tries. */
export async function whyNoLoopDisk(top: string): Promise<string | null> {
  if (process.platform !== "linux") return "loop devices are of Linux";
  if (process.getuid?.() !== 0) return "only root may mount a disk";
  for (const program of ["mkfs.ext4", "mount", "umount"]) {
    if (Bun.which(program, { PATH: searchPath }) === null) return `\`${program}\` is missing`;
  }
  try {
    using _disk = makeLoopDisk(join(top, "probe"), { megabytes: 8 });
    return null;
  } catch (error) {
    return `a disk cannot be mounted here: ${(error as Error).message}`;
  }
}

/** Makes and mounts a disk of its own below `top`. `blockBytes`: size of a block of its file system. */
export function makeLoopDisk(
  top: string,
  { megabytes, blockBytes = 4096 }: { readonly megabytes: number; readonly blockBytes?: number },
): LoopDisk {
  const [image, path] = [join(top, "disk.img"), join(top, "disk")];
  mkdirSync(path, { recursive: true });
  writeFileSync(image, "");
  truncateSync(image, megabytes * 1024 * 1024);
  must("mkfs.ext4", "-q", "-m", "0", "-b", String(blockBytes), image);
  const mount = (): void => must("mount", "-o", "loop", image, path);
  mount();
  return {
    path,
    freeBytes() {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    },
    cut: () => shutDown(path),
    async restart() {
      await unmount(path);
      mount();
    },
    async replace(other) {
      await unmount(path);
      copyFileSync(other, image);
      mount();
    },
    [Symbol.dispose]: () => {
      // Whatever still stands on it must not keep a loop device for ever.
      if (run("umount", path) !== "") run("umount", "--lazy", path);
    },
  };
}

function shutDown(path: string): void {
  const { symbols, close } = dlopen("libc.so.6", {
    ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  });
  const handle = openSync(path, "r");
  try {
    const done = symbols.ioctl(handle, shutdownRequest, new Uint32Array([noLogFlush]));
    if (done !== 0) throw new Error("EXT4_IOC_SHUTDOWN was refused");
  } finally {
    closeSync(handle);
    close();
  }
}

async function unmount(path: string): Promise<void> {
  let said = "";
  for (let tries = 0; tries < unmountTries; tries++) {
    said = run("umount", path);
    if (said === "") return;
    await Bun.sleep(20);
  }
  throw new Error(said);
}

const searchPath = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`;

/** What a program said when it failed; empty when it did not. */
function run(...argv: readonly string[]): string {
  const env = { ...process.env, PATH: searchPath };
  const done = Bun.spawnSync([...argv], { env, stdin: "ignore", stdout: "ignore" });
  if (done.exitCode === 0) return "";
  return `${argv[0]}: ${done.stderr.toString().trim() || "it failed"}`;
}

function must(...argv: readonly string[]): void {
  const said = run(...argv);
  if (said !== "") throw new Error(said);
}
