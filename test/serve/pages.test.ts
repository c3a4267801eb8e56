import { expect, test } from "bun:test";
import { daemonInside } from "./daemon.ts";

const screens = ["/", "/runs", "/schedules", "/agents", "/new", "/r/abcd", "/r/abcd/t/api"];

test("gives whoever asks the same empty page, and nothing of any run", async () => {
  const { url, ask, left } = await daemonInside();

  const bare = await Promise.all(screens.map((path) => fetch(`${url}${path}`)));
  const texts = await Promise.all(bare.map((answer) => answer.text()));
  const known = await (await ask("/r/abcd")).text();
  const parts = await Promise.all(
    ["/page.js", "/page.css", "/page.svg"].map((path) => fetch(`${url}${path}`)),
  );

  expect(bare.map(({ status }) => status)).toEqual(screens.map(() => 200));
  expect(new Set([...texts, known]).size).toBe(1);
  expect(parts.map(({ headers }) => headers.get("content-type")?.split(";")[0])).toEqual([
    ...["text/javascript", "text/css", "image/svg+xml"],
  ]);
  const policy = bare[0]?.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toContain("unsafe");
  expect(texts[0]).not.toMatch(/<script>|<style|\son\w+=|https?:/);
  expect((await left()).audit.filter(({ route }) => route === "/r/:id/t/:task")).toHaveLength(1);
}, 30_000);

test("gives no page on a host that is not served, to another origin, or by another method", async () => {
  const { url } = await daemonInside();
  const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };

  const answers = await Promise.all([
    fetch(url, { headers: { host: "evil.example" } }),
    fetch(`${url}/page.js`, { headers: { origin: "http://evil.example" } }),
    fetch(`${url}/page.js`, { headers: { "sec-fetch-site": "cross-site" } }),
    fetch(url, { headers: { ...link, "sec-fetch-dest": "iframe" } }),
    fetch(url, { headers: { ...link, "sec-fetch-dest": "document" } }),
    fetch(url, { method: "POST", body: "{}", headers: { "content-type": "application/json" } }),
    fetch(`${url}/r/..%2f..%2fetc`),
    fetch(`${url}/page.html`),
  ]);

  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 200, 401, 401, 401]);
});
