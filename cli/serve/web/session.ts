import { Cell } from "./cell.ts";

/*
 * The token of this page. It stands in the storage of this origin, which other ports of this host do not see, and never in a
 * cookie. It ends with the daemon that gave it: whoever takes the port after it has no use for it.
 */

const key = "ra.session";

/** The token; null: nobody has let this page in. */
export const session = new Cell<string | null>(localStorage.getItem(key));

/** Why nobody has; null: nobody has tried. */
export const loginTrouble = new Cell<string | null>(null);

/** What the gateway said no to. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Exchanges the code of a login link, if the page was opened by one. The code leaves the address bar at once. */
export async function logIn(): Promise<void> {
  const code = location.hash.slice(1);
  if (code === "") return;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    const { token } = await ask<{ token: string }>("/api/sessions", { code });
    keep(token);
  } catch (error) {
    loginTrouble.set((error as Error).message);
  }
}

/** Asks the gateway; a body is sent with POST. Throws `Refused`. */
export async function ask<T>(path: string, body?: object): Promise<T> {
  const headers: Record<string, string> = {};
  if (session.value !== null) headers.authorization = `Bearer ${session.value}`;
  const init: RequestInit = { headers, cache: "no-store" };
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    Object.assign(init, { method: "POST", body: JSON.stringify(body) });
  }
  const answer = await fetch(path, init);
  const told = (await answer.json()) as T & { error?: { code: string; message: string } };
  if (answer.ok) return told;
  if (answer.status === 401) keep(null);
  const { code = "UNKNOWN", message = `status ${answer.status}` } = told.error ?? {};
  throw new Refused(answer.status, code, message);
}

function keep(token: string | null): void {
  if (token === null) localStorage.removeItem(key);
  else localStorage.setItem(key, token);
  session.set(token);
}
