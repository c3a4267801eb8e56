import { accessSync, constants, realpathSync, statfsSync, statSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { type Diagnosis, note, problem, well } from "../../core/diagnosis.ts";
import { nearestDirectory } from "../../core/disk-space.ts";
import type { Written } from "../../core/dispatch/disk-watch.ts";
import type { CgroupProbe } from "../../core/process/cgroup-probe.ts";
import { bytes } from "../view/text.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** Whether there is room where `ra` writes: as much as a run wants. Directories on one disk are told of once. */
export function diskDiagnoses(
  places: readonly Written[],
  lowWaterBytes: number,
  freeOf: (path: string) => { readonly disk: number; readonly free: number } = free,
): readonly Diagnosis[] {
  const check = "disk";
  const found = places.map((place) => ({ ...place, ...freeOf(nearestDirectory(place.path)) }));
  return [...Map.groupBy(found, ({ disk }) => disk).values()].map((group) => {
    const names = group.map(({ name }) => name).join(" and ");
    const least = Math.min(...group.map((one) => one.free));
    if (least >= lowWaterBytes) return well(check, `${bytes(least)} free for ${names}`);
    const what = `${bytes(least)} free for ${names}, less than ${bytes(lowWaterBytes)}`;
    return problem(check, what, "free some space, for instance with `ra clean`");
  });
}

function free(path: string): { disk: number; free: number } {
  const { bavail, bsize } = statfsSync(path);
  return { disk: statSync(path).dev, free: bavail * bsize };
}

/** How what an agent starts can be ended here. `proc`: whether the table of processes can be read. */
export function processDiagnoses(proc: boolean, cgroup: CgroupProbe): readonly Diagnosis[] {
  const table = proc
    ? well("processes", "the table of processes can be read")
    : note(
        "processes",
        "there is no readable /proc: only the process group of an agent can be ended",
        null,
      );
  const group = cgroup.usable
    ? well("cgroup", `attempts are held by one each, below ${cgroup.directory}`)
    : note(
        "cgroup",
        `${cgroup.reason}; attempts are held by a shim each, which takes some milliseconds more a command`,
        "systemd-run --user --scope -p Delegate=yes ra dispatch PLAN",
      );
  return [table, group];
}

/** Other programs named `ra` that a shell would start. `self`: this binary; null when `ra` runs from its sources. */
export function pathDiagnoses(
  path: string,
  self: string | null,
  executable: (file: string) => string | null = realExecutable,
): readonly Diagnosis[] {
  const check = "ra on PATH";
  const found = path
    .split(delimiter)
    .filter((dir) => dir !== "")
    .flatMap((dir) => {
      const real = executable(join(resolve(dir), "ra"));
      return real === null ? [] : [{ file: join(dir, "ra"), real }];
    });
  if (self === null) return [];
  const fix = `export PATH="${dirname(self)}:$PATH"`;
  const mine = found.findIndex(({ real }) => real === self);
  const others = found.filter(({ real }) => real !== self);
  const first = found[0];
  if (first === undefined) return [note(check, "no `ra` is on PATH", fix)];
  if (mine === 0) {
    const [other] = others;
    if (other === undefined) return [well(check, first.file)];
    return [note(check, `another \`ra\` is at \`${other.file}\`; this one comes first`, null)];
  }
  const what = `\`ra\` starts \`${first.file}\`, which is not this program (\`${self}\`)`;
  return [problem(check, what, fix)];
}

function realExecutable(file: string): string | null {
  try {
    if (!statSync(file).isFile()) return null;
    accessSync(file, constants.X_OK);
    return realpathSync(file);
  } catch {
    return null;
  }
}

/** Variables that change what `ra` itself runs. */
export function environmentDiagnoses(env: Variables): readonly Diagnosis[] {
  const check = "environment";
  const found: Diagnosis[] = [];
  const { BUN_OPTIONS: options, BUN_BE_BUN: be } = env;
  if (options !== undefined && options !== "") {
    // What is preloaded runs inside `ra`, with everything it may do.
    const loads = /(^|\s)(-r|--preload|--require|--import)\b/.test(options);
    const what = `BUN_OPTIONS is set (\`${options}\`), which changes the runtime of \`ra\``;
    found.push(
      loads
        ? problem(check, `${what} and loads code into it`, "unset BUN_OPTIONS")
        : note(check, what, "unset BUN_OPTIONS"),
    );
  }
  if (be !== undefined)
    found.push(
      note(check, "BUN_BE_BUN is set: with the value 1 `ra` would be bun", "unset BUN_BE_BUN"),
    );
  return found.length > 0 ? found : [well(check, "nothing changes the runtime of `ra`")];
}

/** Minutes that a clock may be behind what it said before; two machines on one disk differ that much. */
const slackMs = 5 * 60_000;

/** Whether the wall clock can be right. `madeMs`: when the program was made. `lastMs`: the newest fact; null for none. */
export function clockDiagnoses(
  nowMs: number,
  madeMs: number | null,
  lastMs: number | null,
): readonly Diagnosis[] {
  const check = "clock";
  const fix = "set the clock, for instance with `timedatectl set-ntp true`";
  const now = new Date(nowMs).toISOString();
  if (madeMs !== null && nowMs < madeMs - slackMs)
    return [problem(check, `it says ${now}, before \`ra\` was made`, fix)];
  if (lastMs !== null && nowMs < lastMs - slackMs) {
    const last = new Date(lastMs).toISOString();
    return [problem(check, `it says ${now}, and the newest run is of ${last}`, fix)];
  }
  return [well(check, now)];
}
