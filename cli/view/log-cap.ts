import { bytes } from "./text.ts";

/** Says that logs take up more than they may, as those that are left do not go by themselves. */
export function excessText(excess: number): string {
  return (
    `the logs of all runs are ${bytes(excess)} beyond \`logs.total\`: runs that failed or wait to land keep theirs; ` +
    "see them with `ra clean`, or set `logs: { failed: remove }`"
  );
}
