import { chmodSync, lstatSync, rmSync } from "node:fs";
import { connect } from "node:net";
import type { Server, WebSocketHandler } from "bun";
import { ExitCode, RaError } from "../../core/error.ts";
import type { Address } from "./address.ts";

/** What a server does with what comes. */
export interface Handlers<Data> {
  readonly maxRequestBodySize: number;
  readonly development: false;
  fetch(request: Request, server: Server<Data>): Promise<Response | undefined>;
  error(error: unknown): Response;
  readonly websocket: WebSocketHandler<Data>;
}

/** Removes the socket of a daemon that was killed. One that somebody listens on stays, and then cannot be listened on. */
export async function clearStale(address: Address): Promise<void> {
  if (address.kind !== "unix") return;
  const { path } = address;
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return;
  const isDead = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.on("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.on("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
  if (isDead) rmSync(path, { force: true });
}

/** Begins to listen. Throws `RaError` (exit 6) when the address is taken, or not one of this machine. */
export function listen<Data>(address: Address, rest: Handlers<Data>): Server<Data> {
  const where =
    address.kind === "unix"
      ? { unix: address.path }
      : { hostname: address.host, port: address.port };
  // A socket is made with what is left of 0777: nobody may come in before its mode is set.
  const mask = process.umask(0o177);
  try {
    const server = Bun.serve<Data>({ ...where, ...rest } as Parameters<typeof Bun.serve<Data>>[0]);
    if (address.kind === "unix") chmodSync(address.path, 0o600);
    return server;
  } catch (cause) {
    const shown = address.kind === "unix" ? address.path : `${address.host}:${address.port}`;
    throw new RaError({
      code: "ADDRESS_UNFIT",
      exitCode: ExitCode.environment,
      message: `cannot listen on \`${shown}\`: ${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}`,
      hint: "see who has it, or name another one with `--listen`",
      cause,
    });
  } finally {
    process.umask(mask);
  }
}
