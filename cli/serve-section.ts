import { asMap } from "../core/plan/draft.ts";
import type { IssueList } from "../core/plan/source.ts";
import { type ServeSettings, serveSettings } from "./serve-config.ts";
import { cronSettings } from "./serve-cron.ts";
import { type ServeInput, serveSchema } from "./serve-schema.ts";

/** How the section `serve` of a config is read. It is loaded for files that have one. */
export const serveSection = { schema: serveSchema, read: readServe };

/** Reads the section; what contradicts itself becomes an issue. */
function readServe(section: unknown, issues: IssueList): ServeSettings {
  const input = asMap(section) as ServeInput;
  const settings = serveSettings(input, issues);
  return { ...settings, cron: cronSettings(input.cron, settings.plans, issues) };
}
