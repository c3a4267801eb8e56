/** What the tasks of a reference run work in, and who settles their conflict. */
export const references = ["clone", "worktree", "in-place", "agent", "user"] as const;

/**
 * One of the reference runs. `worktree` and `in-place`: some tasks work there. `agent`: an agent resolves the conflict.
 * `user`: somebody commits to the target meanwhile.
 */
export type Reference = (typeof references)[number];

/** A task of the reference run. `makes`: the file it writes; null when it appends to the shared one. */
export interface ReferenceTask {
  readonly id: string;
  readonly deps: readonly string[];
  readonly makes: string | null;
}

const ids = ["a1", "a2", "a3", "a4", "a5", "a6", "b1", "b2", "b3", "b4", "b5", "b6"];
const later = ["d1", "d2", "d3", "d4"];

/** Tasks that do not work in a clone where the reference says so. */
const elsewhere: ReadonlySet<string> = new Set(["a3", "b2", "flaky", "stray", "d4"]);

/** Twenty tasks: layers that need each other, two that conflict, one that fails first, one with a child that strays. */
export const referenceTasks: readonly ReferenceTask[] = [
  ...ids.map((id, i) => ({
    id,
    deps: i < 6 ? [] : [ids[i - 6] as string],
    makes: `out/${id}.txt`,
  })),
  { id: "clash-one", deps: [], makes: null },
  { id: "clash-two", deps: [], makes: null },
  { id: "flaky", deps: [], makes: "out/flaky.txt" },
  { id: "stray", deps: [], makes: "out/stray.txt" },
  ...later.map((id, i) => ({ id, deps: [ids[i + 6] as string], makes: `out/${id}.txt` })),
];

/** What a task writes into its file, or appends to the shared one. */
export function textOf(id: string): string {
  return `made by ${id}\n`;
}

/** The plan file of a reference run. `top` holds the journals that its commands write. */
export function referencePlan(top: string, reference: Reference): object {
  const onConflict =
    reference === "agent"
      ? { onConflict: "agent", resolver: { runner: "kilo" } }
      : { onConflict: "retry" };
  return {
    version: 1,
    name: "reference",
    mode: "auto",
    concurrency: 4,
    defaults: {
      retries: { max: 2, backoff: "10ms" },
      verify: `git rev-parse 'HEAD^{tree}' >> ${top}/verified; test -f README.md`,
    },
    tasks: referenceTasks.map((task) => ({
      id: task.id,
      run: commandOf(task, top),
      ...(task.deps.length > 0 ? { deps: task.deps } : {}),
      ...(task.makes === null ? onConflict : {}),
      ...isolationOf(task, reference),
    })),
  };
}

function isolationOf({ id }: ReferenceTask, reference: Reference): object {
  if (reference !== "worktree" && reference !== "in-place") return {};
  return elsewhere.has(id) ? { isolation: reference } : {};
}

/** An agent that answers a conflict by keeping the lines of both sides, in the words of Kilo's JSON stream. */
export function resolvingAgent(): string {
  const turn = { type: "step_finish", part: { reason: "stop", tokens: { input: 3, output: 2 } } };
  return [
    "#!/bin/sh",
    '[ "$1" = --version ] && { echo 7.7.7; exit; }',
    "cat > /dev/null",
    "grep -v '^[<=>|]\\{7\\}' shared.txt > shared.new; mv shared.new shared.txt; sleep 0.03",
    `echo '${JSON.stringify(turn)}'`,
    "",
  ].join("\n");
}

function commandOf({ id, makes }: ReferenceTask, top: string): string {
  const text = `printf '${textOf(id).replace("\n", "\\n")}'`;
  // No two attempts write the same draft: one that is lost is not made good by the next attempt.
  const draft = `printf 'draft of %s by %s\\n' "$RA_ATTEMPT" $$ > draft-${id}.txt`;
  const undraft = `printf '%s by %s\\n' "$RA_ATTEMPT" $$ >> ${top}/removed; rm draft-${id}.txt`;
  // Written whole and then moved: what is found of it at any moment is a whole text.
  const work =
    makes === null
      ? `${text} >> shared.txt`
      : `mkdir -p out; ${text} > ${makes}.part; mv ${makes}.part ${makes}`;
  const failing = 'case "$RA_ATTEMPT" in */1) exit 1 ;; esac';
  const straying = "setsid sleep 300 </dev/null >/dev/null 2>&1 &\nsleep 0.05";
  const before = id === "flaky" ? failing : id === "stray" ? straying : "true";
  const live = `${top}/live/${id}`;
  return [watch(id, top), draft, before, work, "sleep 0.02", undraft, `rm ${live}`].join("\n");
}

/**
 * Writes down when an earlier attempt of the task runs still: that very process, by its start time, and not a zombie that
 * nobody has looked at yet.
 */
function watch(id: string, top: string): string {
  const fields = Array.from({ length: 18 }, () => "_").join(" ");
  const ask = (pid: string, state: string, start: string): string =>
    `read -r _ _ ${state} ${fields} ${start} _ < /proc/${pid}/stat`;
  return [
    `was=; now=; read -r was since 2>/dev/null < ${top}/live/${id}`,
    `{ [ -n "$was" ] && ${ask("$was", "state", "now")}; } 2>/dev/null`,
    `if [ -n "$now" ] && [ "$now" = "$since" ] && [ "$state" != Z ] && [ "$state" != X ]`,
    `then echo "${id} $was $state beside $$" >> ${top}/overlaps; fi`,
    ask("$$", "_", "start"),
    `echo "$$ $start" > ${top}/live/${id}`,
  ].join("\n");
}
