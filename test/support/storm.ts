import { type ManualClock, makePlan, makeTask, type Rig, startRig } from "./rig.ts";

/** What a server says of its n-th request, from 1, at a time since the start of the storm, in milliseconds. */
export type Server = (
  request: number,
  atMs: number,
) => "answers" | { readonly untilMs: number | null };

/** How often the clock moves, and so how long a request takes, in milliseconds. */
const tickMs = 500;

/** Twelve hours: a storm that lasts longer has gone wrong. */
const ticksMax = (12 * 60 * 60 * 1000) / tickMs;

/** What a storm came to. */
export interface Storm {
  readonly requests: number;
  readonly refused: number;
  /** Requests that the tasks need when nothing is refused. */
  readonly needed: number;
  readonly rig: Rig;
  readonly end: { readonly status: string; readonly exitCode: number };
  readonly lastsMs: number;
  readonly doneWhileRefused: readonly string[];
}

/** Runs tasks of one provider against a server; each attempt makes its requests one after the other, and a refusal ends it. */
export async function runStorm(
  server: Server,
  options: {
    readonly tasks?: number;
    readonly each?: number;
    readonly concurrency?: number;
    readonly idleMs?: number;
  } = {},
): Promise<Storm> {
  const { tasks = 12, each = 2, concurrency = 4, idleMs = tickMs } = options;
  const retries = { max: 0, backoffMs: 10_000, maxBackoffMs: 300_000 };
  const prompt = { kind: "prompt", prompt: "work" } as const;
  const plan = makePlan(
    Array.from({ length: tasks }, (_, i) =>
      makeTask(`t${i}`, { work: prompt, runner: "kilo", model: "openrouter/m", retries }),
    ),
  );
  const rig = await startRig(plan, { concurrency });
  const startMs = rig.clock.now();
  let requests = 0;
  let refused = 0;
  const made = new Map<string, number>();
  const doneWhileRefused: string[] = [];
  let isOver = false;
  const finished = rig.finished.finally(() => {
    isOver = true;
  });
  for (let tick = 0; !isOver && tick < ticksMax; tick++) {
    for (const [id, { assignment }] of [...rig.hands.live]) {
      const key = `${id}/${assignment.number}`;
      requests += 1;
      const answer = server(requests, rig.clock.now() - startMs);
      if (answer === "answers") {
        made.set(key, (made.get(key) ?? 0) + 1);
        rig.hands.answer(id);
        if (made.get(key) === each) rig.hands.end(id);
        continue;
      }
      refused += 1;
      const until =
        answer.untilMs === null ? null : new Date(startMs + answer.untilMs).toISOString();
      rig.hands.end(id, { kind: "rate-limited", until, message: "status 429" });
      await settled(rig);
      if ((await rig.statuses())[id] === "done") doneWhileRefused.push(id);
    }
    await settled(rig);
    rig.clock.advance(rig.hands.live.size > 0 ? tickMs : idleMs);
    await settled(rig);
  }
  const lastsMs = rig.clock.now() - startMs;
  const end = await finished;
  return { requests, refused, needed: tasks * each, rig, end, lastsMs, doneWhileRefused };
}

async function settled({ settle }: { readonly settle: () => Promise<void> }): Promise<void> {
  await settle();
}

export type { ManualClock };
