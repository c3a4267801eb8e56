import { asIs, bundled } from "./web-bundle.ts" with { type: "macro" };

/** Everything a browser loads, by its path. */
export const pageFiles: Readonly<Record<string, { readonly type: string; readonly text: string }>> =
  {
    "/": { type: "text/html; charset=utf-8", text: asIs("page.html") },
    "/page.js": { type: "text/javascript; charset=utf-8", text: bundled("main.tsx") },
    "/page.css": { type: "text/css; charset=utf-8", text: bundled("page.css") },
    "/page.svg": { type: "image/svg+xml", text: asIs("page.svg") },
  };
