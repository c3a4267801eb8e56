import { dlopen } from "bun:ffi";

/** What `ra` calls in the C library itself, as neither Bun nor Node offer it. */
export interface Libc {
  /** `prctl(option, value)`; 0 when it was done. */
  prctl(option: number, value: number): number;
  /** The parent as it is now, and not as it was at the start. */
  getppid(): number;
  /** Makes one file descriptor mean what another one means. */
  dup2(from: number, to: number): number;
  /** Takes the exit of a child that has ended, without waiting for one that has not. */
  reap(pid: number): void;
  /** A file descriptor that stands for this process and for no later one; negative when there is none. */
  pidfdOpen(pid: number): number;
  /** Sends a signal to the process of the descriptor; 0 when it was sent. */
  pidfdSignal(descriptor: number, signal: number): number;
}

const signatures = {
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  getppid: { args: [], returns: "i32" },
  dup2: { args: ["i32", "i32"], returns: "i32" },
  waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
  syscall: { args: ["i64", "i64", "i64", "i64", "i64"], returns: "i32" },
} as const;

/** The C library, as glibc and musl name it. */
const libraries = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** Numbers of system calls, the same on all machines that Bun runs on. */
const [pidfdSendSignal, pidfdOpen] = [424n, 434n];

/** `WNOHANG` */
const withoutWaiting = 1;

let loaded: Libc | null | undefined;

/** The C library; null where the system is not Linux or names it otherwise. */
export function libc(): Libc | null {
  if (loaded === undefined) loaded = process.platform === "linux" ? load() : null;
  return loaded;
}

function load(): Libc | null {
  for (const library of libraries) {
    try {
      const { symbols } = dlopen(library, signatures);
      return {
        prctl: (option, value) => symbols.prctl(option, BigInt(value), 0n, 0n, 0n),
        getppid: () => symbols.getppid(),
        dup2: (from, to) => symbols.dup2(from, to),
        reap: (pid) => void symbols.waitpid(pid, null, withoutWaiting),
        pidfdOpen: (pid) => symbols.syscall(pidfdOpen, BigInt(pid), 0n, 0n, 0n),
        pidfdSignal: (descriptor, signal) =>
          symbols.syscall(pidfdSendSignal, BigInt(descriptor), BigInt(signal), 0n, 0n),
      };
    } catch {
      // Not this C library.
    }
  }
  return null;
}
