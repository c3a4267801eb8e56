import { type Diagnosis, note, problem, well } from "../../core/diagnosis.ts";
import { RaError } from "../../core/error.ts";
import { checkRegistry } from "../../core/registry/checkup.ts";
import { cursorOf } from "../../core/registry/cursors.ts";
import { RegistryDatabase } from "../../core/registry/database.ts";
import { type RunSummary, runs } from "../../core/registry/query.ts";
import { refusedEvents } from "../../core/registry/refused-events.ts";
import type { Place } from "../../core/workspace/place.ts";
import type { RemainingPath } from "../../core/workspace/remains.ts";
import { bytes } from "../view/text.ts";
import { type ChannelStanding, channelDiagnoses } from "./channels.ts";

/** Runs that are looked at, the newest first. */
const runsMax = 1_000;

/** Refused events that are looked at, the newest first. */
const refusedMax = 1_000;

/** What the registry says of itself, of its runs and of the channels of the config. `lastMs`: when anything was recorded last; null: never. */
export async function runDiagnoses(
  place: Place,
  channels: readonly string[],
): Promise<{ readonly found: readonly Diagnosis[]; readonly lastMs: number | null }> {
  const checkup = checkRegistry(place.stateDir);
  if (checkup === null)
    return { found: [well("registry", "nothing has run here yet")], lastMs: null };
  if (!checkup.readable) return { found: [checkup.diagnosis], lastMs: null };
  const database = await RegistryDatabase.open(place.stateDir).catch(troubleOf);
  // A disk without a free byte, for instance: what can be told without the runs still is.
  if (database instanceof RaError) {
    const diagnosis = problem("registry", database.message, database.hint ?? null);
    return { found: [diagnosis], lastMs: null };
  }
  try {
    const known = runs(database, { limit: runsMax });
    const newest = known[0];
    const last = newest?.finishedAt ?? newest?.startedAt;
    return {
      found: [
        ...[checkup.diagnosis, ...abandoned(known)],
        ...channelDiagnoses(standingsOf(database, channels), Date.now()),
      ],
      lastMs: last === undefined ? null : Date.parse(last),
    };
  } finally {
    database.close();
  }
}

function standingsOf(
  database: RegistryDatabase,
  channels: readonly string[],
): readonly ChannelStanding[] {
  const refused = refusedEvents(database, refusedMax);
  return channels.map((channel) => ({
    ...{ channel, cursor: cursorOf(database, channel) },
    refused: refused.filter((each) => each.channel === channel),
  }));
}

function troubleOf(error: unknown): RaError {
  if (error instanceof RaError) return error;
  throw error;
}

/** Runs that nobody drives any more and that have not ended. */
export function abandoned(known: readonly RunSummary[]): readonly Diagnosis[] {
  const open = known.filter(({ driven }) => !driven);
  if (open.length === 0) return [well("runs", `${known.length} recorded, none was broken off`)];
  return open.map(({ id, name }) =>
    problem("runs", `the \`ra\` that drove run \`${id}\` (${name}) is gone`, `ra resume ${id}`),
  );
}

/** Workspaces that were set aside because they may hold work. */
export function leftoverDiagnoses(found: readonly RemainingPath[]): readonly Diagnosis[] {
  if (found.length === 0) return [];
  const size = found.reduce((sum, path) => sum + path.bytes, 0);
  const [first] = found;
  const count = found.length === 1 ? "1 workspace" : `${found.length} workspaces`;
  const where =
    first === undefined ? "" : ` (\`${first.path}\`${found.length > 1 ? " and more" : ""})`;
  return [note("leftovers", `${count} set aside, ${bytes(size)}${where}`, "ra clean")];
}
