import { readFileSync } from "node:fs";
import { jsonPlan, makePlace, makeRepository, ra, runQuietly, wide } from "./place.ts";
import { median, megabytes } from "./ratio.ts";

/** Memory under a flood of output, what waiting costs, and the time to the first program of a plan. */
const rounds = Number(process.argv[2] ?? 9);
const waitMs = 5_000;

/** One task that prints 1 GB: memory must not follow the output. */
function flood(): void {
  using place = makePlace();
  const { directory, env } = place;
  for (const [name, print] of Object.entries({
    "lines of 80 bytes": "yes $(printf %079d 0) | head -c 1000000000",
    "one endless line": "head -c 1000000000 /dev/zero",
  })) {
    const plan = place.write("flood.json", jsonPlan(wide(1, print), 1));
    const started = performance.now();
    const done = Bun.spawnSync([ra, "dispatch", plan], {
      cwd: directory,
      env: { ...process.env, ...env },
      stdin: "ignore",
    });
    if (done.exitCode !== 0) throw new Error(done.stderr.toString());
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const peak = megabytes(done.resourceUsage.maxRSS);
    process.stdout.write(`a task that prints 1 GB, ${name}: peak${peak}, ${seconds} s\n`);
  }
}

/** A step-through run that waits for an answer. */
async function idle(): Promise<void> {
  using place = makePlace();
  const { directory, env } = place;
  const plan = place.write("wait.json", jsonPlan(wide(2), 1));
  const child = Bun.spawn([ra, "dispatch", plan, "--step", "--wait", "--json"], {
    cwd: directory,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stderr: "ignore",
  });
  try {
    await read(child.stdout, '"run.paused"');
    await Bun.sleep(1000);
    const before = cpuMs(child.pid);
    await Bun.sleep(waitMs);
    const share = (100 * (cpuMs(child.pid) - before)) / waitMs;
    process.stdout.write(`a run that waits for an answer: ${share.toFixed(1)} % of one core\n`);
  } finally {
    child.kill("SIGTERM");
    await child.exited;
  }
}

/** From the start of `ra dispatch` to that of its first program: ten tasks, each in a clone of its own. */
function firstProgram(): void {
  using place = makePlace();
  const { directory, env } = place;
  makeRepository(place);
  const tasks = wide(10, "date +%s%N >> $BEGAN; true");
  const plan = place.write("ten.json", jsonPlan(tasks, 3).replace('"none"', '"clone"'));
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const began = place.write("began", "");
    const started = Date.now();
    runQuietly([ra, "dispatch", plan], directory, { ...env, BEGAN: began });
    const [first = ""] = readFileSync(began, "utf8").trim().split("\n").sort();
    if (round > 0) times.push(Number(first) / 1e6 - started);
  }
  const shown = `min ${Math.min(...times).toFixed(0)} ms, median ${median(times).toFixed(0)} ms`;
  process.stdout.write(`from exec to the first program, 10 tasks in clones: ${shown}\n`);
}

/** User and system time of a process so far, in milliseconds. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function read(events: ReadableStream<Uint8Array>, wanted: string): Promise<void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of events.values({ preventCancel: true })) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes(wanted)) return;
  }
  throw new Error(`the run ended before ${wanted}`);
}

flood();
await idle();
firstProgram();
