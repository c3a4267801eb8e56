/** `PR_SET_DUMPABLE` of Linux. */
const setDumpable = 4;

/** The C library, as glibc and musl name it. */
const libraries = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/**
 * Closes `/proc/<pid>/environ`, `mem` and `fd` of this process to other programs of the same user, for good: an agent
 * could read there what its own environment does not hold. Root still may. Nobody can attach a debugger any more, and
 * there are no core dumps. False where the system has no such thing.
 */
export async function seclude(): Promise<boolean> {
  if (process.platform !== "linux") return false;
  const { dlopen } = await import("bun:ffi");
  const signature = {
    prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  } as const;
  for (const library of libraries) {
    try {
      const { symbols, close } = dlopen(library, signature);
      const done = symbols.prctl(setDumpable, 0n, 0n, 0n, 0n) === 0;
      close();
      return done;
    } catch {
      // Not this C library.
    }
  }
  return false;
}
