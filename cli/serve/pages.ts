import { assert } from "../../core/assert.ts";
import type { Answer, Route } from "./route.ts";

/** Paths at which the dashboard begins; each shows what it names once the page has a session. */
const screens = ["/", "/runs", "/schedules", "/agents", "/new", "/r/:id", "/r/:id/t/:task"];

/** What these load. */
const parts = ["/page.js", "/page.css", "/page.svg"];

/**
 * The dashboard as it is in the binary. It is the same for everybody and holds nothing of any run, so that it needs no token;
 * what it shows it asks for as any other client does.
 */
export function pageRoutes(): readonly Route[] {
  return [...screens, ...parts].map((path) => ({
    ...{ method: "GET", path, about: "The dashboard.", forEverybody: true },
    answers: { 200: "A file of the dashboard." },
    run: () => fileOf(parts.includes(path) ? path : "/"),
  }));
}

async function fileOf(path: string): Promise<Answer> {
  // Loaded when the first page is, since most daemons show none.
  const { pageFiles } = await import("./page-files.ts");
  const file = pageFiles[path];
  assert(file, `the page has no file ${path}`);
  return { status: 200, ...file };
}
