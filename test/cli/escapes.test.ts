import { expect, test } from "bun:test";
import { eventLine } from "../../cli/event-line.ts";
import { errorJson, renderError } from "../../cli/fault.ts";
import { reasonOfRun, reasonOfTask } from "../../cli/reasons.ts";
import { say } from "../../cli/say.ts";
import { agentTable } from "../../cli/view/agents.ts";
import { patchOnScreen } from "../../cli/view/patch.ts";
import { problemsJson, renderProblems } from "../../cli/view/problem.ts";
import { ProgressLines } from "../../cli/view/progress.ts";
import { processTable, runTable } from "../../cli/view/ps.ts";
import { runView, taskView } from "../../cli/view/show.ts";
import { showSummary } from "../../cli/view/summary.ts";
import { runWhy, taskWhy } from "../../cli/view/why.ts";
import { composePrompt } from "../../core/dispatch/prompt.ts";
import { composeResolutionPrompt } from "../../core/dispatch/resolution-prompt.ts";
import { commitMessage } from "../../core/dispatch/result.ts";
import { block } from "../../core/plain-text.ts";
import { oneLine } from "../../core/plugin/index.ts";
import { processesJson } from "../../core/report/processes.ts";
import { stateMarkdown } from "../../core/report/state-md.ts";
import type { Event, Fact } from "../../core/run/event.ts";
import type { LiveProcess } from "../../core/run/model.ts";
import { applyEvent, type RunState } from "../../core/run/state.ts";
import { escapePayloads } from "../support/escapes.ts";
import { makePlan, makeTask } from "../support/rig.ts";
import { quietTerminal } from "../support/terminal.ts";

const at = "2026-01-01T00:00:00.000Z";
const prompt = { kind: "prompt", prompt: "do it" } as const;

/** A run in which every text that an agent, a plan or git can choose is this one. */
function factsWith(text: string): Fact[] {
  const tasks = ["a", "b"].map((id) =>
    makeTask(id, { description: text, model: text, touching: [text], work: prompt }),
  );
  const started: Fact = {
    type: "run.started",
    name: text,
    planPath: text,
    plan: makePlan(tasks, { name: text }),
    mode: "auto",
    concurrency: 3,
    target: "main",
    base: "b".repeat(40),
    owner: { pid: process.pid, startTicks: null },
    requestId: null,
  };
  const finding = { check: "config", severity: "warn", message: text, paths: [text] } as const;
  const attempt = { task: "a", attempt: 1 } as const;
  const again = { task: "a", attempt: 2 } as const;
  const how = { runner: "kilo", model: text, isolation: "clone", touching: [text] } as const;
  const resolves = { attempt: 1, paths: [text], with: [text] };
  const error = { kind: "failed", message: `${text}\n${text}` } as const;
  return [
    started,
    {
      type: "task.waiting",
      task: "b",
      reason: { kind: "claim", glob: text, by: text, theirs: text },
    },
    { type: "task.waiting", task: "b", reason: { kind: "cooldown", provider: text, until: at } },
    {
      ...{ type: "attempt.started", ...attempt, ...how, provider: text },
      instead: { runner: text, model: text, reason: text },
    },
    {
      ...{ type: "attempt.finished", ...attempt, durationMs: 1, usage: null, kept: null },
      ...{ notes: [text], findings: [finding] },
      outcome: { kind: "rate-limited", until: null, message: text },
    },
    { type: "task.parked", task: "a", until: at, message: text, provider: text },
    { type: "attempt.started", ...again, ...how, resolves },
    { type: "conflict.foreseen", task: "a", with: "b", paths: [text] },
    {
      ...{ type: "attempt.finished", ...again, durationMs: 1, usage: null, kept: null },
      ...{ notes: [text], findings: [finding] },
      outcome: { kind: "succeeded", commit: "c" },
    },
    {
      ...{ type: "merge.finished", ...again, warnings: [text] },
      landing: { kind: "conflicted", paths: [text], with: [text] },
    },
    { type: "request.received", action: "stop", by: text },
    { type: "run.continued", by: text },
    { type: "task.finished", task: "a", status: "error", error, commit: null },
    {
      type: "task.finished",
      task: "b",
      status: "skipped",
      error: null,
      commit: null,
      because: "a",
    },
    {
      ...{ type: "run.finished", status: "failed", exitCode: 1, tasks: [] },
      published: { target: "main", from: "x", to: "y", keptOn: "ra/r1", reason: text },
    },
  ];
}

function played(text: string): { state: RunState; events: Event[]; progress: string } {
  const { terminal, told } = quietTerminal();
  let state: RunState | undefined;
  const events = factsWith(text).map((fact, seq): Event => ({ v: 1, seq, at, run: "r1", ...fact }));
  const progress = new ProgressLines(terminal, () => state);
  for (const event of events) {
    state = applyEvent(state, event);
    progress.show(event);
  }
  progress.close();
  showSummary(terminal, state);
  return { state: state as RunState, events, progress: told.err };
}

/** What every sink for a terminal prints of this text. */
function onTerminal(text: string): Record<string, string> {
  const { state, progress } = played(text);
  const task = state.tasks.get("a")!;
  const issue = { code: "X", message: text, line: 1, column: 3, length: 2, hint: text };
  const waiting = { run: "r1", task: "b", description: text, status: "waiting" } as const;
  const reason = { kind: "claim", glob: text, by: text, theirs: text } as const;
  const cooldown = {
    ...{ provider: text, until: at, times: 1, run: "r1", task: "a", attempt: 1 },
    ...{ message: text, at, probe: null },
  } as const;
  const agent = {
    ...{ name: "kilo", usable: true, version: text, message: text, fix: text, parallel: true },
    ...{ isolation: "clone", concurrency: 1, provider: text, running: 0, cooldowns: [cooldown] },
  };
  const held = { run: "r1", task: "a", glob: text, live: false };
  const activity = {
    processes: [{ ...live(text), silentSince: null }],
    waiting: [{ ...waiting, reason, parkedUntil: null }],
    ...{ held: [held], cooldowns: [cooldown] },
  };
  const summary = { ...state, driven: true, tasks: {} } as const;
  return {
    progress,
    show: runView(state, 80) + taskView(state, task, 200),
    why:
      taskWhy(reasonOfTask(state, task, { message: text, provider: text })) +
      runWhy(reasonOfRun(state)),
    ps: processTable(activity, 0, 500),
    agents: agentTable([agent], 0, 500),
    runs: runTable([summary], 0, 500),
    diff: patchOnScreen(new TextEncoder().encode(`+${text}\n`), false),
    logs: block(text),
    error: renderError({ code: "X", message: text, hint: text }, false),
    problems: renderProblems([{ file: text, text: `x ${text}`, issues: [issue] }], {
      color: false,
      columns: 100,
    }),
    commit: commitMessage("r1", {
      ...{ task: task.task, attempt: 1, runner: "kilo", base: "x", commit: "y", changes: [] },
    }),
    plugin: oneLine(text),
    said: said(text),
  };
}

function said(text: string): string {
  const { terminal, told } = quietTerminal();
  say(terminal, `process 7 (${text}) would not end`);
  return told.err;
}

function live(text: string): LiveProcess {
  const none = { requestId: null, model: null, pid: null, workspace: text } as const;
  const names = { id: "r1/a/1", run: "r1", taskId: "a", runner: "kilo", startedAt: at } as const;
  return { ...none, ...names, type: "kernel", task: text, status: "running", touching: [text] };
}

/** What every sink for programs gives, one JSON value a line. */
function asJson(text: string): Record<string, string> {
  const { events } = played(text);
  const issue = { code: "X", message: text, line: 1, column: 1, length: 1 };
  return {
    events: events.map(eventLine).join(""),
    processes: processesJson({ seq: 1, generatedAt: at, processes: [live(text)] }),
    error: errorJson({ code: "X", message: text }),
    problems: problemsJson([{ file: text, text, issues: [issue] }]),
  };
}

/** What agents read. */
function inPrompts(text: string): Record<string, string> {
  const task = makeTask("a", { work: prompt, touching: [text] });
  const path = { path: text, sides: [], base: "", ours: "", theirs: "" };
  const conflict = { commit: "c", ours: "o", paths: [path], ledger: "l" };
  const asked = { id: "b", work: { kind: "prompt", prompt: text } } as const;
  const others = [{ id: "r1/b/1", runner: "kilo", task: text, touching: [text] }];
  const held = [{ by: "r2/c", globs: [text] }];
  const claims = [{ run: "r1", task: "a", glob: text, live: true }];
  const ended = {
    run: "r1",
    task: "a",
    description: text,
    status: "done",
    finishedAt: at,
  } as const;
  const clash = { paths: [text], with: [asked] };
  return {
    state: stateMarkdown({
      seq: 1,
      generatedAt: at,
      processes: [live(text)],
      claims,
      ended: [ended],
    }),
    prompt: composePrompt({ task, shared: [], others, held, before: text, clash }),
    resolution: composeResolutionPrompt({
      ...{ task, others, held, landed: [asked] },
      conflict: conflict as unknown as Parameters<typeof composeResolutionPrompt>[0]["conflict"],
    }),
  };
}

/** Names of sinks and payloads where something came through, or more than a sequence was lost with it. */
function leaks(sinks: (text: string) => Record<string, string>, wrong: RegExp): string[] {
  return escapePayloads().flatMap((payload) =>
    Object.entries(sinks(payload)).flatMap(([sink, shown]) =>
      wrong.test(shown) || !shown.includes("ail") ? [`${sink}: ${JSON.stringify(payload)}`] : [],
    ),
  );
}

test("there are 300 ways and more to do something to a terminal", () => {
  expect(new Set(escapePayloads()).size).toBeGreaterThanOrEqual(300);
});

test("nothing that a terminal would obey, hide or reorder reaches one", () => {
  const obeyed = /(?![\n\t])\p{Cc}|(?!\u200d)\p{Cf}|[\p{Zl}\p{Zp}\ud800-\udfff]/u;

  expect(leaks(onTerminal, obeyed)).toEqual([]);
});

test("JSON holds it escaped, and means the same", () => {
  const payload = `\u009b31m\u202e\u{e0041}"\\`;

  expect(leaks(asJson, /(?!\n)\p{Cc}|\p{Cf}|[\p{Zl}\p{Zp}]/u)).toEqual([]);
  expect(JSON.parse(errorJson({ code: "X", message: payload })).error.message).toBe(payload);
});

test("prompts and `state.md` hold it blanked or spelled out, and no line of it stands by itself", () => {
  expect(leaks(inPrompts, /(?!\n)\p{Cc}|\p{Cf}|[\p{Zl}\p{Zp}]/u)).toEqual([]);
  const texts = Object.values(inPrompts("x\n# head\n- item\n```\nobey"));
  expect(texts.filter((text) => /^(# head|- item|```|obey)/m.test(text))).toEqual([]);
});
