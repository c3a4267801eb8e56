import { expect, test } from "bun:test";
import { keptRun } from "../git/kept-runs.ts";
import { brokenRun } from "./broken-run.ts";
import { chromiumPath, openPage, overflowOf, startBrowser } from "./browser.ts";
import { startDaemon } from "./daemon.ts";

const noBrowser = chromiumPath === null;
const title = noBrowser ? " (skipped: there is no Chromium here)" : "";

test.skipIf(noBrowser)(
  `in the bar of a run: it is landed, refused first, and one that broke off is gone on with${title}`,
  async () => {
    const { repository, run: broken } = await brokenRun();
    const kept = await keptRun(repository);
    const daemon = await startDaemon(repository);
    const { page, troubles, picture } = await openPage(await startBrowser(), {
      viewport: { width: 390, height: 844 },
    });
    const { url } = await daemon.json<{ url: string }>("/api/invitations", {});
    const button = (name: string) => page.getByRole("button", { name, exact: true });
    const said = page.locator(".actions").getByRole("status");

    await page.goto(url);
    await page.getByRole("status").getByText("live").waitFor();
    const cards = page.getByRole("article");
    await cards.filter({ hasText: kept }).getByRole("button", { name: "Land" }).waitFor();
    await cards.filter({ hasText: broken }).getByRole("button", { name: "Resume" }).waitFor();
    await page.goto(`${daemon.url}/r/${kept}/t/two`);
    const oneTask = await button("Land").getAttribute("title");
    await page.goto(`${daemon.url}/r/${kept}`);
    const whole = await button("Land").getAttribute("title");
    await button("Land").click();
    await said.getByText("README.md").waitFor();
    const overflow = [await overflowOf(page)];
    await picture("phone-land");
    repository.git("checkout", "--quiet", "--", "README.md");
    await button("Land").click();
    await said.getByText("It has landed.").waitFor();
    await button("Land").waitFor({ state: "detached" });
    await page.goto(`${daemon.url}/r/${broken}`);
    await page.locator(".facts").getByText("broken off").waitFor();
    overflow.push(await overflowOf(page));
    const resume = await button("Resume").getAttribute("title");
    await button("Resume").click();
    await said.getByText("It goes on.").waitFor();
    await button("Stop").waitFor();
    const stays = await said.textContent();
    await repository.arrival("again");
    repository.open("again");
    await page.locator(".facts").getByText("succeeded").waitFor();
    const left = await page.locator(".actions button").count();

    expect([oneTask, whole]).toEqual([`ra land ${kept}/two`, `ra land ${kept}`]);
    expect([resume, left]).toEqual([`ra resume ${broken} --wait`, 0]);
    expect([stays, overflow]).toEqual(["It goes on.", [0, 0]]);
    expect(repository.git("show", "main:two.txt", "main:a.txt")).toBe("two\na");
    // The browser itself tells of the refusal.
    expect(troubles).toEqual([expect.stringContaining("409")]);
  },
  60_000,
);
