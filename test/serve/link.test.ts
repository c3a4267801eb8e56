import { expect, test } from "bun:test";
import { askForLink, noteUrl, turn } from "../../cli/serve/link.ts";
import { findPlace } from "../../core/workspace/place.ts";
import { takeAlone } from "../../core/workspace/turn.ts";
import { onTestEnd } from "../support/leftovers.ts";
import { daemonInside } from "./daemon.ts";

test("a link is had from the daemon that serves the repository, and lets a page in", async () => {
  const { dir, url, token } = await daemonInside();
  const place = findPlace(dir);
  using _alone = await takeAlone(place.stateDir, turn);
  using _noted = noteUrl(place, url);

  const link = await askForLink(place, token);

  const [page, code] = link.split("/#");
  const answer = await fetch(`${url}/api/sessions`, {
    method: "POST",
    body: JSON.stringify({ code }),
    headers: { origin: url, "content-type": "application/json" },
  });
  expect([page, answer.status]).toEqual([url, 200]);
});

test("the token goes to nobody who took the port of a daemon that is gone", async () => {
  const { dir, token } = await daemonInside();
  const place = findPlace(dir);
  let asked = 0;
  const other = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch() {
      asked += 1;
      return Response.json({ url: "http://evil.example" });
    },
  });
  onTestEnd(() => other.stop(true));

  const none = askForLink(place, token).catch(({ code }) => code);
  const before = await none;
  using _noted = noteUrl(place, `http://127.0.0.1:${other.port}`);
  const after = await askForLink(place, token).catch(({ code }) => code);

  expect([before, after, asked]).toEqual(["NOT_SERVED", "NOT_SERVED", 0]);
});
