import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { userConfigPath } from "../config.ts";
import { readPrivate, tokenUnfit } from "./private-file.ts";

/** Bytes of a token: 256 bit. */
const tokenBytes = 32;

/** Who holds the token may ask for what the gateway gives. */
export interface Token {
  /** The file that holds it, readable by its owner alone. */
  readonly path: string;
  /** Compares in a time that does not tell how much of it is right. */
  matches(offered: string): boolean;
}

/** Where the token stands. Throws `RaError` (exit 6) without a home. */
export function tokenPath(env: Readonly<Record<string, string | undefined>>): string {
  const config = userConfigPath(env);
  if (config !== null) return join(dirname(config), "serve.token");
  throw tokenUnfit(
    "there is no home to keep the token of the gateway in",
    "set `HOME` or `XDG_CONFIG_HOME`",
  );
}

/** Reads the token, and makes one where there is none. Throws `RaError` (exit 6) when others could have read it. */
export function openToken(path: string): Token {
  const value = readToken(path) ?? makeToken(path);
  const digest = digestOf(value);
  return { path, matches: (offered) => timingSafeEqual(digestOf(offered), digest) };
}

/** The token of a daemon that has run here. Throws `RaError` (exit 6) when there is none. */
export function demandToken(path: string): string {
  const value = readToken(path);
  if (value !== null) return value;
  throw tokenUnfit(`there is no token (\`${path}\`)`, "start the gateway first: `ra serve`");
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function readToken(path: string): string | null {
  const hint = "remove it: the next start makes a new one";
  const value = readPrivate({ path, what: "the token", hint });
  if (value === null || /^[A-Za-z0-9_-]{43,}$/.test(value)) return value;
  throw tokenUnfit(`the token is damaged (\`${path}\`)`, hint);
}

/** Whole or not at all, by its name: of two that start at once one makes it, and the other reads it. */
function makeToken(path: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  const value = randomBytes(tokenBytes).toString("base64url");
  const file = openSync(draft, "wx", 0o600);
  try {
    writeSync(file, `${value}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(draft, path);
    return value;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return readToken(path) ?? value;
  } finally {
    rmSync(draft, { force: true });
  }
}
