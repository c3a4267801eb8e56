import { join } from "node:path";
import { buildFlags } from "./flags.ts";
import { jsonPlan, makePlace, makeRepository, ra, runQuietly, wide } from "./place.ts";
import { type Contender, compare, render } from "./ratio.ts";

/** What `ra` adds to the start of the smallest program that Bun can compile with the same flags. */
const rounds = Number(process.argv[2] ?? 40);
using place = makePlace();
const { directory, env } = place;
const program = join(directory, "..", "hello");
const source = place.write("hello.ts", 'require("node:fs").writeSync(1, "hello\\n");\n');
runQuietly([process.execPath, "build", ...buildFlags(), "--outfile", program, source], directory);
makeRepository(place);

const hello: Contender = { name: "hello world", argv: [program], cwd: directory };

function measure(name: string, args: readonly string[]): void {
  const contender: Contender = { name, argv: [ra, ...args], cwd: directory, env };
  process.stdout.write(`${render(compare(hello, contender, rounds))}\n`);
}

measure("ra --version", ["--version"]);
measure("ra --help", ["--help"]);
measure("ra ps, no runs", ["ps"]);

const few = place.write("few.json", jsonPlan(wide(5), 3));
for (let run = 0; run < 3; run++) runQuietly([ra, "dispatch", few], directory, env);
measure("ra ps, three ended runs", ["ps"]);

const live = place.write("live.json", jsonPlan(wide(3, "sleep 600"), 3));
const dispatch = Bun.spawn([ra, "dispatch", live, "--json"], {
  cwd: directory,
  env: { ...process.env, ...env },
  stdin: "ignore",
  stderr: "ignore",
});
try {
  await spawned(dispatch.stdout, 3);
  measure("ra ps, three live processes", ["ps"]);
} finally {
  dispatch.kill("SIGTERM");
  await dispatch.exited;
}

/** Reads events until so many programs run. */
async function spawned(events: ReadableStream<Uint8Array>, wanted: number): Promise<void> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of events.values({ preventCancel: true })) {
    text += decoder.decode(chunk, { stream: true });
    if (text.split('"process.spawned"').length > wanted) return;
  }
  throw new Error("the run ended before its programs ran");
}
