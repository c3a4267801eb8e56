import {
  type Exit,
  type Job,
  oneLine,
  type Runner,
  type RunnerHost,
} from "../core/plugin/index.ts";

/** Runs a plain command line in the workspace, by `sh` or, where no shell is needed, directly. */
export default function shell(host: RunnerHost): Runner {
  const prefix = host.command ?? ["sh", "-c"];
  return {
    name: "shell",
    traits: { parallel: true, isolation: "clone", environment: ["*"] },
    probe: async () => ({ ok: true, version: null }),
    run: (job) => runLine(job, prefix, host.command === null),
  };
}

async function runLine(
  job: Job,
  prefix: readonly [string, ...string[]],
  direct: boolean,
): Promise<Exit> {
  let lastOut = "";
  let lastErr = "";
  const words = direct ? plainWords(job.prompt) : null;
  const onStdout = (line: string): void => {
    if (line.trim() !== "") lastOut = line;
  };
  const onStderr = (line: string): void => {
    if (line.trim() !== "") lastErr = line;
  };
  const start = (argv: readonly [string, ...string[]]) => job.start({ argv, onStdout, onStderr });
  const viaShell = () => start([...prefix, job.prompt]);
  // The task's own `PATH` may not have it, or it is a script without `#!`: a shell knows what to do or to say.
  const end = await (words === null ? viaShell() : start(words).catch(viaShell));
  if (end.code === 0) return { ok: true, message: "", usage: null };
  const how = end.signal === null ? `exit ${end.code}` : `signal ${end.signal}`;
  const said = oneLine(lastErr || lastOut, 200);
  return { ok: false, message: said === "" ? how : `${how}: ${said}`, usage: null };
}

/**
 * The words of a line that means the same without a shell, as make starts such lines; null for any other. A word of
 * the shell's own, an assignment or any character that a shell might read in its own way needs the shell.
 */
export function plainWords(line: string): readonly [string, ...string[]] | null {
  if (!/^[A-Za-z0-9_@%+:,./= \t-]+$/.test(line)) return null;
  const words = line.split(/[ \t]+/).filter((word) => word !== "");
  const [program, ...rest] = words;
  if (program === undefined || program.includes("=") || ownWords.has(program)) return null;
  // A path from the working directory is the shell's: that directory is not the one this looks in.
  if (program.includes("/") && !program.startsWith("/")) return null;
  // A missing program is left to the shell, which says so as people know it, with exit 127.
  if (!found.has(program) && Bun.which(program) === null) return null;
  found.add(program);
  return [program, ...rest];
}

/** Programs seen on the path: each is looked for once, and one that goes away later is left to the shell at its start. */
const found = new Set<string>();

const ownWords = new Set(
  (
    "alias bg bind break builtin caller case cd chdir command compgen complete continue coproc declare dirs disown do " +
    "done echo elif else enable esac eval exec exit export fc fg fi for function getopts hash help history if in " +
    "jobs kill let local logout mapfile newgrp popd printf pushd pwd read readarray readonly return select set shift " +
    "shopt source suspend test then time times trap type typeset ulimit umask unalias unset until wait while"
  ).split(" "),
);
