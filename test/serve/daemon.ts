import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, loadConfig } from "../../cli/config.ts";
import { Daemon } from "../../cli/serve/daemon.ts";
import type { ReadPlan } from "../../cli/serve/named-plans.ts";
import { openToken } from "../../cli/serve/token.ts";
import type { ServeSettings } from "../../cli/serve-config.ts";
import { systemClock } from "../../core/clock.ts";
import type { Channel } from "../../core/plugin/channel.ts";
import { readAudit } from "../../core/registry/audit.ts";
import { Registry } from "../../core/registry/registry.ts";
import { Requests } from "../../core/registry/requests.ts";
import { findPlace } from "../../core/workspace/place.ts";
import { onTestEnd, temporaryDirectory } from "../support/leftovers.ts";

/** A plan `nothing` that others may ask for. */
export const nothing: ReadPlan = {
  name: "nothing",
  about: null,
  params: {},
  content: { version: 1, mode: "auto", tasks: [{ id: "a", run: "true", isolation: "none" }] },
};

/** The config of a user who has said nothing. */
export function settings(): Promise<Config> {
  const top = temporaryDirectory("ra-serve");
  return loadConfig({ root: top, env: { HOME: top }, runners: ["kilo", "shell"] });
}

/** A daemon in this process, whose requests wait: its cap is 0. */
export async function daemonInside(
  serve: Partial<ServeSettings> = {},
  {
    channels = [],
    top = temporaryDirectory("ra-serve"),
  }: { channels?: readonly Channel[]; top?: string } = {},
) {
  const dir = join(top, "project");
  mkdirSync(dir, { recursive: true });
  const env = { HOME: top, XDG_CONFIG_HOME: join(top, "config") };
  const place = findPlace(dir);
  const config = await loadConfig({ root: dir, env, runners: ["kilo", "shell"] });
  const path = join(top, "config", "ra", "serve.token");
  const troubles: unknown[] = [];
  const daemon = await Daemon.start({
    place,
    config: { ...config, serve: { ...config.serve, ...serve } },
    plans: new Map([["nothing", nothing]]),
    address: { kind: "tcp", host: "127.0.0.1", port: 0 },
    pacing: { mode: "concurrent", cap: 0 },
    token: openToken(path),
    version: "1.2.3",
    terminal: { cwd: dir, env },
    channels,
    clock: systemClock,
    onTrouble: (error) => troubles.push(error),
  });
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await daemon[Symbol.asyncDispose]();
    isOpen = false;
  };
  onTestEnd(close);
  const token = readFileSync(path, "utf8").trim();
  const ask = (at: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${daemon.url}${at}`, {
      redirect: "manual",
      ...init,
      headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) },
    });
  const post = (at: string, body: unknown, headers: Record<string, string> = {}) =>
    ask(at, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });
  /** What is left on the disk after its end. */
  const left = async () => {
    await close();
    await using registry = await Registry.open(place);
    const audit = readAudit(registry.database, 100_000);
    return { audit, requests: new Requests(registry.database).newest(1_000) };
  };
  return { dir, url: daemon.url, token, path, ask, post, left, troubles, close };
}
