import { isAbsolute } from "node:path";
import type { IssueList } from "../core/plan/source.ts";
import type { Event } from "../core/run/event.ts";
import type { LineInput } from "./line-schema.ts";

/** Channels by which people are told and cannot ask; null: the user has none. */
export interface LineSettings {
  readonly outbox: { readonly file: string } | null;
  readonly webhook: WebhookConfig | null;
}

export interface WebhookConfig {
  readonly url: string;
  /** The file that holds its secret; null: the usual one. */
  readonly secret: string | null;
  /** Null: all. */
  readonly events: readonly Event["type"][] | null;
}

/** Reads both; a path that is not absolute becomes an issue. What is not of the right shape is passed over: it has its issue. */
export function lineSettings({ outbox, webhook }: LineInput, issues: IssueList): LineSettings {
  demandAbsolute(outbox?.file, ["outbox", "file"], issues);
  demandAbsolute(webhook?.secret, ["webhook", "secret"], issues);
  const { url, secret = null, events = null } = webhook ?? {};
  return {
    outbox: typeof outbox?.file === "string" ? { file: outbox.file } : null,
    webhook: typeof url === "string" ? { url, secret, events } : null,
  };
}

function demandAbsolute(value: unknown, path: readonly string[], issues: IssueList): void {
  if (typeof value !== "string" || isAbsolute(value)) return;
  const message = `\`${path.at(-1)}\` must be an absolute path`;
  issues.add({ code: "BAD_VALUE", path: ["serve", "channels", ...path], message });
}
