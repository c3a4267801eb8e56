import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ExitCode, RaError } from "../../core/error.ts";
import type { Place } from "../../core/workspace/place.ts";
import { takeAlone } from "../../core/workspace/turn.ts";
import { usageError } from "../usage.ts";

/** The name under which one daemon serves a repository. */
export const turn = "serve";

/** Notes where the daemon of a repository is reached. Goes with what is given. */
export function noteUrl({ stateDir }: Pick<Place, "stateDir">, url: string): Disposable {
  const path = join(stateDir, "serve.url");
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${url}\n`, { mode: 0o600 });
  renameSync(draft, path);
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

/**
 * Asks the daemon of a repository for a link that lets a page in. Throws `RaError` (exit 2, 6). The token goes to nobody who has
 * taken the port of a daemon that is gone: first it must be there.
 */
export async function askForLink(place: Place, token: string): Promise<string> {
  const path = join(place.stateDir, "serve.url");
  using alone = existsSync(place.stateDir) ? await takeAlone(place.stateDir, turn) : null;
  if (alone !== null || !existsSync(path)) throw unserved();
  const url = readFileSync(path, "utf8").trim();
  if (url.startsWith("unix:")) {
    throw usageError("no browser reaches a socket of the file system", "serve with `--listen`");
  }
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const init = { method: "POST", body: "{}", headers };
  const answer = await fetch(`${url}/api/invitations`, init).catch((cause: unknown) => {
    throw unserved(cause);
  });
  const told = (await answer.json().catch(() => null)) as { readonly url?: unknown } | null;
  if (answer.ok && typeof told?.url === "string") return told.url;
  throw unserved(answer.status);
}

function unserved(cause?: unknown): RaError {
  return new RaError({
    code: "NOT_SERVED",
    exitCode: ExitCode.environment,
    message: "no `ra serve` answers for this repository",
    hint: "start it with `ra serve`",
    cause,
  });
}
