import { didYouMean } from "../nearest.ts";
import { type Arrows, findCycles } from "./circle.ts";
import { type Draft, isId } from "./draft.ts";
import type { IssueList } from "./source.ts";

/** Dependencies that get a suggestion; each one costs a comparison with every id. */
const suggestionsMax = 50;

/** Tasks of a circle that are named before the rest is counted. */
const circleNamesMax = 12;

/** Adds what is wrong between tasks: ids that are taken, dependencies that cannot be met, circles. */
export function checkTasks(drafts: readonly Draft[], issues: IssueList): void {
  checkIds(drafts, issues);
  const arrows = checkDeps(drafts, issues);
  checkCircles(drafts, arrows, issues);
}

function checkIds(drafts: readonly Draft[], issues: IssueList): void {
  const taken = new Map<string, Draft>();
  for (const draft of drafts) {
    if (draft.id === null || draft.id === "") continue;
    const folded = draft.id.normalize("NFKC").toLowerCase();
    const first = taken.get(folded);
    if (!first) {
      taken.set(folded, draft);
      continue;
    }
    const message =
      first.id === draft.id
        ? `the id \`${draft.id}\` is taken`
        : `the id \`${draft.id}\` differs from \`${first.id}\` only in how it is written`;
    const hint = `line ${issues.line([...first.path, "id"])} has it already; give each task its own id`;
    issues.add({ code: "DUPLICATE_ID", path: [...draft.path, "id"], message, hint });
  }
}

function checkDeps(drafts: readonly Draft[], issues: IssueList): Arrows {
  const positions = new Map<string, number>();
  for (const [position, { id }] of drafts.entries()) {
    if (id !== null && !positions.has(id)) positions.set(id, position);
  }
  let suggestions = 0;
  return drafts.map((draft, position) => {
    const arrows: number[] = [];
    const seen = new Set<string>();
    const who = draft.id !== null && isId(draft.id) ? `task \`${draft.id}\`` : "this task";
    for (const { id, path } of draft.deps) {
      const target = positions.get(id);
      if (seen.has(id)) {
        const message = `${who} names \`${id}\` twice`;
        issues.add({ code: "DUPLICATE_DEPENDENCY", path, message, hint: "remove one of them" });
      } else if (id === draft.id) {
        const message = `${who} needs itself`;
        issues.add({ code: "SELF_DEPENDENCY", path, message, hint: "remove it" });
      } else if (target === undefined) {
        const message = `${who} needs \`${id}\`, which does not exist`;
        const hint = suggestions++ < suggestionsMax ? didYouMean(id, positions.keys()) : undefined;
        issues.add({ code: "UNKNOWN_TASK", path, message, hint });
      } else if (target !== position) arrows.push(target);
      seen.add(id);
    }
    return arrows;
  });
}

function checkCircles(drafts: readonly Draft[], arrows: Arrows, issues: IssueList): void {
  for (const circle of findCycles(arrows)) {
    const names = circle.map((position) => `${drafts[position]!.id}`);
    const shown =
      names.length <= circleNamesMax
        ? names
        : [
            ...names.slice(0, circleNamesMax - 2),
            `${names.length - circleNamesMax + 1} more`,
            names.at(-1)!,
          ];
    const first = drafts[circle[0]!]!;
    const next = names[1] ?? names[0];
    const dep = first.deps.find(({ id }) => id === next);
    const message = `these tasks wait for each other: ${[...shown, names[0]].join(" → ")}`;
    const hint = "remove one of these `deps`";
    issues.add({ code: "CYCLE", path: dep?.path ?? first.path, message, hint });
  }
}
