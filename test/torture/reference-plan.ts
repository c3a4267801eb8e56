/** A task of the reference run. `makes`: the file it writes; null when it appends to the shared one. */
export interface ReferenceTask {
  readonly id: string;
  readonly deps: readonly string[];
  readonly makes: string | null;
}

const ids = ["a1", "a2", "a3", "a4", "a5", "a6", "b1", "b2", "b3", "b4", "b5", "b6"];
const later = ["d1", "d2", "d3", "d4"];

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

/** The plan file of the reference run. `top` holds the journals that its commands write. */
export function referencePlan(top: string): object {
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
      ...(task.makes === null ? { onConflict: "retry" } : {}),
    })),
  };
}

function commandOf({ id, makes }: ReferenceTask, top: string): string {
  const live = `${top}/live/${id}`;
  const watch = `kill -0 $(cat ${live} 2>/dev/null) 2>/dev/null && echo ${id} >> ${top}/overlaps; echo $$ > ${live}`;
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
  return [watch, draft, before, work, "sleep 0.02", undraft, `rm ${live}`].join("\n");
}
