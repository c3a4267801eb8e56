import { ExitCode, RaError } from "../error.ts";
import { type Conversation, converse } from "../process/conversation.ts";
import { programEnvironment } from "../process/environment.ts";
import { type Captured, type CaptureOptions, capture, captureBytes } from "../process.ts";

/** The oldest git whose `merge-tree --write-tree` exists. */
export const versionMin = [2, 38] as const;

/**
 * Settings every git of `ra` runs with. No hook, monitor, signer or background gc of the user or of an
 * agent runs inside it, and what it reports as written survives a power cut.
 */
const settings: Readonly<Record<string, string>> = {
  "advice.detachedHead": "false",
  "commit.gpgSign": "false",
  "core.filesRefLockTimeout": "2000",
  "core.fsmonitor": "false",
  "core.fsync": "all",
  "core.fsyncMethod": "fsync",
  "core.hooksPath": "/dev/null",
  "core.packedRefsTimeout": "5000",
  "core.quotePath": "false",
  "core.safecrlf": "false",
  "gc.auto": "0",
  "log.showSignature": "false",
  "maintenance.auto": "false",
  "reftable.lockTimeout": "10000",
  "submodule.recurse": "false",
};

/** What one call of git adds to its handle. */
export interface GitCall {
  readonly env?: Readonly<Record<string, string>>;
  readonly config?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** A file that becomes standard input, in the place of `input`. */
  readonly inputFile?: string;
  /** True: one character stands for one byte, in the input and on standard output. */
  readonly bytes?: boolean;
  /** Ends git when it fires. */
  readonly signal?: AbortSignal;
}

/** Git, bound to a directory and an environment. */
export interface Git {
  /** Standard output. Throws `RaError` (exit 6) with the command and what git said when it fails. */
  run(args: readonly string[], call?: GitCall): Promise<string>;
  /** As `run`, for commands whose exit code is an answer. Throws only when git cannot be started. */
  attempt(args: readonly string[], call?: GitCall): Promise<Captured>;
  /** Starts a command that answers line by line. `unbuffered`: through `stdbuf`, for one that does not flush by itself. */
  converse(args: readonly string[], call?: GitCall, unbuffered?: boolean): Promise<Conversation>;
  /** As `run`, with standard output byte for byte: contents and names of files need not be UTF-8. */
  bytes(args: readonly string[], call?: GitCall): Promise<Uint8Array>;
}

/** Variables of a process; absent ones may stand there as undefined. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Binds git to a directory. Of `inherited` it gets what programs get in any case, and no secret; `env` comes on top. */
export function bindGit(
  cwd: string,
  inherited: Environment,
  env: Readonly<Record<string, string>> = {},
): Git {
  const plain = gitEnvironment(inherited);
  const options = (call: GitCall): CaptureOptions => {
    const input = inputOf(call);
    return {
      cwd: call.cwd ?? cwd,
      env: { ...plain, ...configEnvironment({ ...settings, ...call.config }), ...env, ...call.env },
      ...(input === undefined ? {} : { input }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    };
  };
  const attempt = async (args: readonly string[], call: GitCall = {}): Promise<Captured> => {
    try {
      return await (call.bytes ? captureLatin1 : capture)(["git", ...args], options(call));
    } catch (error) {
      throw missing(error);
    }
  };
  return {
    attempt,
    async run(args, call) {
      const done = await attempt(args, call);
      if (done.code !== 0) throw gitFailed(args, done);
      return done.stdout;
    },
    async converse(args, call = {}, unbuffered = false) {
      const argv = ["git", ...args] as const;
      return converse(unbuffered ? ["stdbuf", "-o0", ...argv] : argv, options(call));
    },
    async bytes(args, call) {
      const done = await captureBytes(["git", ...args], options(call ?? {})).catch((error) => {
        throw missing(error);
      });
      if (done.code !== 0) throw gitFailed(args, { ...done, stdout: "" });
      return done.bytes;
    },
  };
}

/** Git with something added to each of its calls. */
export function within(git: Git, more: GitCall): Git {
  const inside = (call: GitCall = {}): GitCall => ({
    ...more,
    ...call,
    env: { ...more.env, ...call.env },
    config: { ...more.config, ...call.config },
  });
  return {
    run: (args, call) => git.run(args, inside(call)),
    attempt: (args, call) => git.attempt(args, inside(call)),
    converse: (args, call, unbuffered) => git.converse(args, inside(call), unbuffered),
    bytes: (args, call) => git.bytes(args, inside(call)),
  };
}

function inputOf({ input, inputFile, bytes }: GitCall): string | Blob | undefined {
  if (inputFile !== undefined) return Bun.file(inputFile);
  return bytes && input !== undefined ? new Blob([Buffer.from(input, "latin1")]) : input;
}

/** As `capture`, one character for each byte. */
async function captureLatin1(
  argv: readonly [string, ...string[]],
  options: CaptureOptions,
): Promise<Captured> {
  const { bytes, ...rest } = await captureBytes(argv, options);
  return { ...rest, stdout: Buffer.from(bytes).toString("latin1") };
}

/** The error for a git command that must not fail: exit 6, with the command and git's own words. */
export function gitFailed(args: readonly string[], done: Captured): RaError {
  const said = done.stderr.trim().split("\n").slice(0, 5).join("; ");
  const command = ["git", ...args.slice(0, 4)].join(" ");
  return new RaError({
    code: "GIT_FAILED",
    exitCode: ExitCode.environment,
    message: `\`${command}\` failed (${done.code ?? "signal"}): ${said || "no message"}`,
    hint: gitHint(done.stderr),
  });
}

/** Throws `RaError` (exit 6) when git is older than 2.38. Gives the version as `[major, minor]`. */
export async function requireGit(git: Git): Promise<readonly [number, number]> {
  const text = (await git.run(["version"])).trim();
  const version = parseVersion(text);
  if (version === null || older(version, versionMin)) {
    throw new RaError({
      code: "GIT_TOO_OLD",
      exitCode: ExitCode.environment,
      message: `git 2.38 or newer is needed, and this is \`${text}\``,
      hint: "install a newer git and see that it comes first on `PATH`",
    });
  }
  return version;
}

/** Major and minor of what `git version` prints; null when that is not understood. */
export function parseVersion(text: string): readonly [number, number] | null {
  const match = /^git version (\d+)\.(\d+)/.exec(text);
  return match ? [Number(match[1]), Number(match[2])] : null;
}

/** True when `version` comes before `than`. */
export function older(
  version: readonly [number, number],
  than: readonly [number, number],
): boolean {
  return version[0] < than[0] || (version[0] === than[0] && version[1] < than[1]);
}

/** The variables that carry settings to git, numbered from 0. */
export function configEnvironment(
  config: Readonly<Record<string, string>>,
): Record<string, string> {
  const entries = Object.entries(config);
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(entries.length) };
  entries.forEach(([key, value], i) => {
    env[`GIT_CONFIG_KEY_${i}`] = key;
    env[`GIT_CONFIG_VALUE_${i}`] = value;
  });
  return env;
}

/** What git needs beyond what every program gets: a name for commits, who may own a repository, a keyring's address. */
const wanted = ["EMAIL", "SUDO_UID", "DBUS_SESSION_BUS_ADDRESS"];

/** Nothing else passes: the environment of git can be read by every program of the same user while it runs. */
function gitEnvironment(inherited: Environment): Record<string, string> {
  const { LD_LIBRARY_PATH: libraries } = inherited;
  return {
    ...programEnvironment(inherited, wanted),
    // Where the user's git finds its own libraries, and no secret.
    ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries }),
    LC_ALL: "C",
    GIT_EDITOR: "true",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_PAGER: "cat",
    GIT_TERMINAL_PROMPT: "0",
  };
}

function gitHint(stderr: string): string | undefined {
  const owner = /git config --global --add safe\.directory \S+/.exec(stderr)?.[0];
  if (owner) return `If you trust the repository, run \`${owner}\`.`;
  const lock = /'([^']+\.lock)': File exists/.exec(stderr)?.[1];
  if (lock) return `Wait for the other git to end, or remove \`${lock}\` if none is running.`;
  if (/No space left on device/.test(stderr)) return "Free some disk space and try again.";
  return undefined;
}

function missing(error: unknown): unknown {
  const { code, syscall } = error as { code?: string; syscall?: string };
  // A working directory that is gone is ENOENT too, but then the system call is named.
  if (code !== "ENOENT" || syscall !== undefined) return error;
  return new RaError({
    code: "GIT_MISSING",
    exitCode: ExitCode.environment,
    message: "`git` was not found on `PATH`",
    hint: "install git 2.38 or newer",
    cause: error,
  });
}
