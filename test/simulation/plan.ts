import type { Plan, Task } from "../../core/plan/plan.ts";
import type { Runner } from "../../core/plugin/runner.ts";
import { makePlan, makeTask } from "../support/rig.ts";
import { codes } from "./agent.ts";
import { Random } from "./random.ts";

/** A plan that the seed makes up. */
export function inventPlan(
  random: Random,
  prefix: string,
  seed: number,
): { plan: Plan; dirs: Map<string, string> } {
  const dirs = new Map<string, string>();
  const check = random.pick([null, "check", "check"]);
  const onConflict = random.pick(["error", "retry", "agent"] as const);
  const scope = random.pick(["warn", "extend", "block"] as const);
  const tasks: Task[] = [];
  const sessions = new Random(seed, prefix, "sessions");
  const goesOn = sessions.chance(0.4);
  for (let i = 0; i < random.between(2, 6); i++) {
    const id = `${prefix}${i}`;
    const claims = random.chance(0.8);
    const dir = random.chance(0.25) ? "common" : id;
    dirs.set(id, dir);
    tasks.push(
      makeTask(id, {
        work: random.chance(0.2)
          ? { kind: "command", command: "make" }
          : { kind: "prompt", prompt: "Go." },
        runner: "agent",
        isolation: random.pick(["clone", "clone", "worktree"] as const),
        deps: tasks.filter(() => random.chance(0.25)).map((task) => task.id),
        parallel: random.chance(0.93),
        touching: claims ? [`${dir}/**`] : [],
        timeoutMs: 120_000,
        verify: check,
        verifyLimits: { timeoutMs: 20_000, tries: random.between(1, 2) },
        retries: { max: random.between(0, 2), backoffMs: 100, maxBackoffMs: 5_000 },
        scope,
        onConflict,
        allowNoChange: random.chance(0.3),
        ...(goesOn && sessions.chance(0.7) ? { continueSession: true as const } : {}),
      }),
    );
  }
  return { plan: makePlan(tasks, { shared: ["shared.txt"] }), dirs };
}

/** Drives the simulated agent. */
export const runner: Runner = {
  name: "agent",
  traits: { parallel: true, isolation: "clone", continues: true, environment: [] },
  probe: async () => ({ ok: true, version: null }),
  async run(job) {
    const { code } = await job.start({ argv: ["agent", job.taskId] });
    const end = { ok: code === 0, message: code === 0 ? "" : `exit ${code}`, usage: null };
    if (code !== codes.auth) job.opened?.(job.continues?.session ?? `of ${job.taskId}`);
    if (code === codes.limited) return { ...end, limit: { untilMs: null } };
    if (code === codes.auth) return { ...end, auth: { fix: "log in" } };
    return code === codes.crashed ? { ...end, crashed: true } : end;
  },
};
