import { readdirSync, readFileSync } from "node:fs";

/** A tree of processes that does what it can to outlive whoever started it. */
export interface HostileTree {
  readonly name: string;
  /** Shell text that leaves the tree running, and goes on at once. */
  readonly script: string;
}

const tricks = ["setsid", "doubleFork", "cleanEnvironment", "nohup", "ignores", "closed"] as const;
type Trick = (typeof tricks)[number];

/** What the last program of a tree does: it stays, it forks all the time, or it lives on in children of children. */
const leaves = {
  still: (token: string) => `while :; do sleep ${token}; done`,
  brood: (token: string) => `while :; do sleep ${token} & sleep 0.02; done`,
  chain: (token: string) => {
    const next = `sleep 0.005; sh -c "$0" "$0" ${token} & exit 0`;
    return `exec sh -c '${next}' '${next}' ${token}`;
  },
} as const;

/**
 * At least `count` trees, all different: every set of tricks with a program that stays, then the others. The arguments of
 * all their processes hold `token`, a number that nobody else uses: by that alone survivors are looked for.
 */
export function hostileTrees(token: string, count: number): HostileTree[] {
  const sets = Array.from({ length: 2 ** tricks.length }, (_, bits) =>
    tricks.filter((_, at) => bits & (1 << at)),
  );
  const of = (leaf: keyof typeof leaves, some: readonly (readonly Trick[])[]): HostileTree[] =>
    some.map((set) => ({ name: [leaf, ...set].join("+"), script: script(leaf, set, token) }));
  const every = (step: number, from: number): (readonly Trick[])[] =>
    sets.filter((_, at) => at % step === from);
  const rest = [...of("chain", every(4, 3)), ...of("brood", every(3, 1))];
  const all = [...of("still", sets), ...rest];
  // A smaller number takes from everywhere.
  return count >= all.length ? all : spread(all, count);
}

function spread<T>(all: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, at) => all[Math.floor((at * all.length) / count)] as T);
}

function script(leaf: keyof typeof leaves, set: readonly Trick[], token: string): string {
  const has = (trick: Trick): boolean => set.includes(trick);
  const inside = [
    has("ignores") ? "trap '' TERM INT HUP QUIT" : "",
    has("closed") ? "exec 0<&- 1>&- 2>&-" : "",
    leaves[leaf](token),
  ].filter(Boolean);
  let argv = `sh -c ${quoted(inside.join("; "))} sh ${token}`;
  if (has("nohup")) argv = `nohup ${argv}`;
  if (has("setsid")) argv = `setsid ${argv}`;
  if (has("cleanEnvironment")) argv = `cd /; env -i PATH=/usr/bin:/bin ${argv}`;
  // What holds the output of the attempt is a trick of its own, but for the tree whose every stream is closed.
  const background = `{ ${argv} ; } 2>/dev/null >&2 &`;
  return has("doubleFork") ? `( ${background} )` : background;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A number that no other process of the machine is likely to have in its arguments. */
export function newToken(): string {
  return `9${process.pid}${crypto.getRandomValues(new Uint32Array(1))[0]}.5`;
}

/** Ids of all processes whose arguments hold a token. */
export function holding(token: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .filter((pid) => argumentsOf(pid).includes(token))
    .map(Number);
}

function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}
