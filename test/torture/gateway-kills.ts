import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "../../core/registry/registry.ts";
import { Requests } from "../../core/registry/requests.ts";
import { statement } from "../../core/registry/statement.ts";
import { findPlace } from "../../core/workspace/place.ts";
import { Random } from "../campaign/random.ts";
import { startDaemon, type TestDaemon, userConfig } from "../e2e/serve/daemon.ts";
import type { TestRepository } from "../support/repository.ts";

const runsOfRequests = statement((tables) =>
  tables.selectFrom("runs").select(["id", "request_id"]),
);

/** How a gateway is to be killed. */
export interface GatewayOrdeal {
  readonly seed: number;
  readonly requests: number;
  readonly clients: number;
  readonly kills: number;
  /** The part of the kills that end everything it has started as well, as the end of a container does. */
  readonly whole: number;
  /** Whether the requests change files in git; else they only count. */
  readonly git: boolean;
}

/** What came of it. */
export interface GatewayOutcome {
  readonly kills: number;
  /** Times a client heard nothing, and asked again under the same key. */
  readonly repeated: number;
  /** Times a client was told that the queue is full. */
  readonly full: number;
  /** Whatever must not be: empty. */
  readonly wrong: readonly string[];
}

/** Longest wait for the end of what was accepted, in milliseconds. */
const patienceMs = 1_200_000;

/** Kills `ra serve` again and again while clients ask, and judges what is left. */
export async function killGateway(
  repository: TestRepository,
  ordeal: GatewayOrdeal,
): Promise<GatewayOutcome> {
  const journal = join(repository.top, "journal");
  writeFileSync(journal, "");
  prepare(repository, journal, ordeal.git);
  const random = new Random("gateway", ordeal.seed);
  const world: World = { repository, daemon: await startDaemon(repository), repeated: 0, full: 0 };
  const accepted = new Map<number, string>();
  const asking = ask(world, ordeal, accepted);
  let whole = 0;
  for (let kill = 0; kill < ordeal.kills; kill++) {
    await Bun.sleep(random.between(1, 1_200));
    await world.daemon.end("SIGKILL");
    if (random.chance(ordeal.whole)) {
      whole += 1;
      endAll(repository);
    }
    world.daemon = await startDaemon(repository);
  }
  await asking;
  await untilDone(world);
  await world.daemon.end();
  const wrong = await judge(repository, ordeal, accepted, whole === 0 ? journal : null);
  return { kills: ordeal.kills, repeated: world.repeated, full: world.full, wrong };
}

interface World {
  readonly repository: TestRepository;
  daemon: TestDaemon;
  repeated: number;
  full: number;
}

function prepare(repository: TestRepository, journal: string, git: boolean): void {
  const file = join(repository.top, "mark.json");
  const write = git ? ' && echo "$RA_PARAM_N" > "n-$RA_PARAM_N.txt"' : "";
  const task = { id: "mark", run: `echo "$RA_PARAM_N" >> '${journal}'${write}` };
  const tasks = [git ? task : { ...task, isolation: "none" }];
  writeFileSync(file, JSON.stringify({ version: 1, mode: "auto", tasks }));
  const params = { n: { type: "number", max: 1_000_000 } };
  userConfig(repository, { serve: { plans: { mark: { file, params } } } });
}

/** Clients that ask until they have been told that each request is accepted. */
async function ask(
  world: World,
  { requests, clients }: GatewayOrdeal,
  accepted: Map<number, string>,
): Promise<void> {
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < requests) {
      const n = next++;
      while (!accepted.has(n)) {
        const id = await askOnce(world, n).catch((error) => {
          // Refused is an answer; a cut is none.
          if (error instanceof Refused) throw error;
          world.repeated += 1;
          return null;
        });
        if (id !== null) accepted.set(n, id);
        else await Bun.sleep(30);
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
}

/** The gateway has said no to what it must take. */
class Refused extends Error {}

async function askOnce(world: World, n: number): Promise<string | null> {
  const key = { "idempotency-key": `n${n}` };
  const answer = await world.daemon.ask("/api/dispatch", { plan: "mark", params: { n } }, key);
  const said = (await answer.json()) as { id?: string; error?: { code: string } };
  const code = said.error?.code;
  if (code === "QUEUE_FULL") world.full += 1;
  // Clients that are told that the queue is full soon ask too fast as well.
  if (code === "QUEUE_FULL" || code === "TOO_FAST") await Bun.sleep(200);
  else if (!answer.ok) throw new Refused(JSON.stringify(said));
  return said.id ?? null;
}

async function untilDone({ daemon }: World): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const { waiting, running } = await daemon.json<{ waiting: number; running: number }>(
      "/api/queue",
    );
    if (waiting + running === 0) return;
    if (performance.now() > deadline) throw new Error(`${waiting + running} requests do not end`);
    await Bun.sleep(100);
  }
}

/** `journal`: what every request has written, where no attempt was cut off; else null. */
async function judge(
  repository: TestRepository,
  { requests, git }: GatewayOrdeal,
  accepted: ReadonlyMap<number, string>,
  journal: string | null,
): Promise<string[]> {
  await using registry = await Registry.open(findPlace(repository.dir));
  const { database } = registry;
  const known = new Requests(database).newest(requests + 1_000);
  const wrong: string[] = [];
  if (known.length !== requests) wrong.push(`${known.length} requests instead of ${requests}`);
  const rows = database.all(runsOfRequests);
  for (const [n, id] of accepted) {
    const request = known.find((one) => one.id === id);
    const runs = rows.filter((row) => row.request_id === id);
    if (request?.status !== "fulfilled")
      wrong.push(`request ${n} is ${request?.status ?? "lost"}: ${request?.reason ?? ""}`);
    if (runs.length !== 1) wrong.push(`request ${n} has ${runs.length} runs`);
  }
  const written = journal === null ? [] : readFileSync(journal, "utf8").trim().split("\n");
  if (journal !== null && new Set(written).size !== written.length)
    wrong.push("a request was worked on twice");
  if (journal !== null && written.length !== requests)
    wrong.push(`${written.length} of ${requests} requests were worked on`);
  if (git) {
    const commits = Number(repository.git("rev-list", "--count", "main"));
    if (commits !== requests + 1) wrong.push(`${commits} commits after ${requests} requests`);
  }
  return wrong;
}

/** Those that drive first: to one that outlives its program by a moment, that has failed. */
function endAll(repository: TestRepository): void {
  const drives = (pid: number): boolean => argumentsOf(pid).includes("\0__request\0");
  for (const pid of repository.living().filter(drives)) endNow(pid);
  for (const pid of repository.living()) endNow(pid);
}

function argumentsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

function endNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
