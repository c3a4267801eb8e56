import { ExitCode, RaError } from "../../core/error.ts";
import { usageError } from "../usage.ts";

/** Where the gateway listens. */
export type Address =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** Where it listens when nobody says otherwise. */
export const addressDefault = "127.0.0.1:7272";

/** Longest path of a socket that every system takes, in bytes. */
const pathMax = 103;

/** Reads `PORT`, `HOST:PORT` or `[HOST]:PORT`. Throws `RaError` (exit 2). */
export function readAddress(text: string): Address {
  const [, bracketed, plain, digits = ""] =
    /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === "" || port > 65_535) {
    throw usageError(
      `\`--listen\` is \`${text}\``,
      `write an address such as \`${addressDefault}\``,
    );
  }
  return { kind: "tcp", host: bracketed ?? plain ?? "127.0.0.1", port };
}

/** Reads the path of a socket. Throws `RaError` (exit 2). */
export function readSocket(path: string): Address {
  if (path.startsWith("/") && Buffer.byteLength(path) <= pathMax) return { kind: "unix", path };
  throw usageError(
    `\`--socket\` is \`${path}\``,
    `write an absolute path of at most ${pathMax} bytes, such as \`$XDG_RUNTIME_DIR/ra.sock\``,
  );
}

/** True when only this machine reaches it. */
export function isLoopback(address: Address): boolean {
  if (address.kind === "unix") return true;
  const { host } = address;
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Throws `RaError` (exit 2) when others could reach it and the user has not said, twice, that they shall. */
export function refuseExposure(
  address: Address,
  { remote, hosts }: { readonly remote: boolean; readonly hosts: readonly string[] },
): void {
  if (address.kind === "unix" || isLoopback(address)) return;
  const shown = `${address.host}:${address.port}`;
  if (!remote) {
    throw new RaError({
      code: "ADDRESS_EXPOSED",
      exitCode: ExitCode.usage,
      message: `\`${shown}\` is reached by other machines`,
      hint: "listen on `127.0.0.1` behind a tunnel or a proxy with TLS, or say `--remote` as well",
    });
  }
  if (hosts.length > 0) return;
  throw new RaError({
    code: "ADDRESS_UNNAMED",
    exitCode: ExitCode.usage,
    message: `the config names no host by which \`${shown}\` is reached, so every request would be refused`,
    hint: "name them in your own config: `serve: { hosts: [ra.example:7272] }`",
  });
}

/** The values of `Host` that are taken: those of this machine, and those that the config names. */
export function allowedHosts(
  address: Address,
  port: number,
  named: readonly string[],
): ReadonlySet<string> {
  const own =
    address.kind === "unix"
      ? ["localhost"]
      : ["127.0.0.1", "localhost", "[::1]"].map((host) => `${host}:${port}`);
  const bare = address.kind === "tcp" && port === 80 ? ["127.0.0.1", "localhost", "[::1]"] : [];
  return new Set([...own, ...bare, ...named].map((host) => host.toLowerCase()));
}
