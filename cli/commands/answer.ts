import { ExitCode, RaError } from "../../core/error.ts";
import { jsonText, oneLine } from "../../core/plain-text.ts";
import { findRun } from "../../core/registry/find-run.ts";
import { runs } from "../../core/registry/query.ts";
import { findQuestion, openQuestions } from "../../core/registry/questions.ts";
import type { Registry } from "../../core/registry/registry.ts";
import { answerCommand } from "../../core/run/question.ts";
import type { RunState } from "../../core/run/state.ts";
import { findPlace } from "../../core/workspace/place.ts";
import { demandTask, splitAddress } from "../address.ts";
import { type Asked, answerFact, askedIn, closed, openIn, type Said } from "../answering.ts";
import type { CommandBody, Options, Terminal } from "../command.ts";
import { eventLine } from "../event-line.ts";
import { flag } from "../option.ts";
import { demandRecorded, openRecorded } from "../recorded.ts";
import { say } from "../say.ts";
import { usageError } from "../usage.ts";
import { optionLines, optionText, questionText } from "../view/questions.ts";

/** Runs that are looked at for those that wait between their tasks. */
const runsMax = 50;

/** Questions that an error names at most. */
const namedMax = 5;

/** `ra answer [WHICH] [ANSWER]`: lists what agents ask, or answers it. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const [which, answer] = args;
  if (which === undefined) return list(terminal, options);
  refuseAgents(terminal);
  const said = saidBy(answer, options);
  await using registry = await demandRecorded(findPlace(terminal.cwd), "write");
  const place = placeOf(registry, which);
  const added = await registry.commit(place.run, ({ state }) => {
    if (state === undefined) throw nothingAsked(place.run);
    const asked = chosen(state, place);
    if (said === null) throw unsaid(asked);
    return [answerFact(state, asked, said, "ra answer")];
  });
  for (const event of added) {
    if (event.type !== "question.answered") continue;
    if (flag(options, "json")) terminal.out(eventLine(event));
    say(terminal, `${event.run}/${event.task} goes on: ${event.answer}`);
  }
  return ExitCode.ok;
};

/** An agent must not decide what it was to ask a person. It could hide who it is; a person sees who decided. */
function refuseAgents({ env }: Terminal): void {
  if (!env.RA_ATTEMPT) return;
  throw new RaError({
    code: "AGENT_ANSWERS",
    exitCode: ExitCode.needsPerson,
    message: `this is attempt \`${oneLine(env.RA_ATTEMPT)}\` of a run: only a person answers`,
    hint: "answer from a shell that `ra` has not started",
  });
}

function saidBy(answer: string | undefined, options: Options): Said | null {
  const [allows, denies] = [flag(options, "allow"), flag(options, "deny")];
  if ([answer !== undefined, allows, denies].filter(Boolean).length > 1) {
    throw usageError("there is more than one answer", "give one: an option, `--allow` or `--deny`");
  }
  if (allows || denies) return { effect: allows ? "allow" : "refuse" };
  return answer === undefined ? null : { text: answer };
}

async function list(terminal: Terminal, options: Options): Promise<ExitCode> {
  if (flag(options, "allow") || flag(options, "deny")) {
    throw usageError("`ra answer` needs the question", "name it: `ra answer GATE --allow`");
  }
  await using registry = await openRecorded(findPlace(terminal.cwd));
  await registry?.reap();
  const open = registry === null ? [] : openQuestions(registry.database);
  if (flag(options, "json")) {
    const questions = open.map(({ end: _, ...question }) => {
      return { ...question, command: answerCommand(question) };
    });
    terminal.out(`${jsonText({ v: 1, questions })}\n`);
    return ExitCode.ok;
  }
  const now = Date.now();
  const asked = open.map((question) => {
    const offered = optionLines(question.options).map((line) => `        ${line}\n`);
    return `${questionText(question, now)}${offered.join("")}`;
  });
  const paused = registry === null ? [] : runs(registry.database, { limit: runsMax });
  const waiting = paused
    .filter(({ status, driven }) => status === "paused" && driven)
    .map(
      ({ id }) => `NEEDS YOU  ${id} waits between its tasks: ra continue ${id}, or ra stop ${id}\n`,
    );
  const text = [...asked, ...waiting].join("\n");
  terminal.out(text === "" ? "no agent asks anything\n" : text);
  return ExitCode.ok;
}

interface PlaceOf {
  readonly run: string;
  readonly task: string | null;
  /** Null: the only open question there. */
  readonly gate: string | null;
}

/** What a person names: a question by its id, or a run or a task that asks one thing. */
function placeOf({ database }: Registry, which: string): PlaceOf {
  const found = findQuestion(database, which);
  if (found !== null) return { run: found.run, task: found.task, gate: found.gate };
  const address = splitAddress(which);
  return { run: findRun(database, address.run), task: address.task, gate: null };
}

function chosen(state: RunState, { task, gate }: PlaceOf): Asked {
  if (task !== null) demandTask(state, task);
  const all = askedIn(state, task);
  const named = all.find(({ question }) => question.gate === gate);
  if (named !== undefined) return named;
  const [only, ...others] = openIn(state, task);
  const where = task === null ? state.id : `${state.id}/${task}`;
  if (only === undefined) {
    const last = all.at(-1);
    throw last === undefined ? nothingAsked(where) : closed(state.id, last);
  }
  if (others.length > 0) throw ambiguous(where, [only, ...others]);
  return only;
}

function nothingAsked(where: string): RaError {
  return new RaError({
    code: "NOTHING_ASKED",
    exitCode: ExitCode.usage,
    message: `no agent of \`${where}\` asks anything`,
    hint: "see what is open with `ra answer`",
  });
}

function ambiguous(where: string, open: readonly Asked[]): RaError {
  const named = open
    .slice(0, namedMax)
    .map(({ task, question }) => `\`${question.gate}\` (${task})`);
  const more = open.length > namedMax ? ` and ${open.length - namedMax} more` : "";
  return new RaError({
    code: "QUESTION_AMBIGUOUS",
    exitCode: ExitCode.usage,
    message: `${open.length} questions of \`${where}\` are open: ${named.join(", ")}${more}`,
    hint: "name one of them",
  });
}

function unsaid({ question }: Asked): RaError {
  const { gate, options } = question;
  const offered = options.map((option) => optionText(option)).join("; ");
  return usageError(
    `question \`${gate}\` needs an answer`,
    offered === "" ? `write \`ra answer ${gate} "TEXT"\`` : `it has: ${offered}`,
  );
}
