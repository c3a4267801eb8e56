import type { CleanItem, KnownRun } from "../clean-plan.ts";
import { table } from "./table.ts";
import { bytes } from "./text.ts";

/** Everything that is left over, what goes first, and how much that is. */
export function cleanView(
  items: readonly CleanItem[],
  runs: ReadonlyMap<string, KnownRun>,
  width: number,
): string {
  if (items.length === 0) return "nothing is left over\n";
  const columns = [
    { title: "of" },
    { title: "state" },
    { title: "what" },
    { title: "size", align: "right" },
    { title: "" },
    { title: "why", min: 24 },
  ] as const;
  const rows = items.map((item) => [
    ownerOf(item),
    item.run === null ? "" : stateOf(runs.get(item.run)),
    item.kind,
    sizeText(item),
    item.goes ? "goes" : "stays",
    item.reason,
  ]);
  const going = items.filter((item) => item.goes);
  const freed = going.reduce((sum, item) => sum + item.bytes, 0);
  const counted = `${going.length} of ${items.length} can go: ${bytes(freed)}\n`;
  return `${table(columns, rows, width)}\n${places(items)}${counted}`;
}

/** The work that would be given up for good, where it is and how to look at it; empty when there is none. */
export function lossView(items: readonly CleanItem[]): string {
  const lost = items.filter(({ goes, unlanded }) => goes && unlanded);
  if (lost.length === 0) return "";
  const lines = lost.flatMap((item) => [
    ...item.names.map((name) => `  ${name}\n`),
    lookLine(item),
  ]);
  return `this gives up work that has not landed:\n${lines.join("")}`;
}

/** Where unlanded work that stays is, and the word that lets it go. */
function places(items: readonly CleanItem[]): string {
  const lines = items
    .filter(({ goes, unlanded }) => !goes && unlanded)
    .flatMap((item) => [
      ...item.names.map((name) => `${ownerOf(item)}: ${name}\n`),
      lookLine(item),
      item.run === null ? "" : `  give it up: ra clean ${ownerOf(item)}\n`,
    ]);
  return lines.length === 0 ? "" : `${lines.join("")}\n`;
}

function lookLine(item: CleanItem): string {
  const command = lookAt(item);
  return command === null ? "" : `  look at it: ${command}\n`;
}

/** The command that shows what an item holds; null when there is nothing to look at. */
export function lookAt(item: CleanItem): string | null {
  const { kind, run, names } = item;
  if (kind === "result") return `ra diff ${ownerOf(item)}`;
  if (kind === "own git") return `git log --stat ${names[0]}`;
  if (kind === "branch") return `ra diff ${run}`;
  if (kind === "workspace" || kind === "leftover") return `ls -la ${names[0]}`;
  return null;
}

function ownerOf({ run, task }: CleanItem): string {
  if (run === null) return "";
  return task === null ? run : `${run}/${task}`;
}

function stateOf(known: KnownRun | undefined): string {
  if (known?.state === undefined) return "unknown";
  const { finishedAt, status } = known.state;
  return finishedAt === null && !known.live ? "abandoned" : status;
}

function sizeText({ refs, bytes: size }: CleanItem): string {
  if (refs.length > 0) return refs.length === 1 ? "1 ref" : `${refs.length} refs`;
  return bytes(size);
}
