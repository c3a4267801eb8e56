import { expect, test } from "bun:test";
import { testRepository } from "../../support/repository.ts";
import { keptRun, landedRun } from "../git/kept-runs.ts";
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
    await page.goto(`${daemon.url}/r/${kept}/t/one`);
    await button("Land").click();
    await button("Roll back").waitFor();
    await button("Land").waitFor({ state: "detached" });
    const back = await button("Roll back").getAttribute("title");
    await page.goto(`${daemon.url}/r/${kept}`);
    await button("Roll back").waitFor();
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
    const left = await page.locator(".actions button").allTextContents();

    expect([oneTask, whole]).toEqual([`ra land ${kept}/two`, `ra land ${kept}`]);
    expect(back).toBe(`ra rollback ${kept}/one`);
    expect([resume, left]).toEqual([`ra resume ${broken} --wait`, ["Roll back"]]);
    expect([stays, overflow]).toEqual(["It goes on.", [0, 0]]);
    expect(repository.git("show", "main:two.txt", "main:a.txt")).toBe("two\na");
    // The browser itself tells of the refusal.
    expect(troubles).toEqual([expect.stringContaining("409")]);
  },
  60_000,
);

test.skipIf(noBrowser)(
  `what has landed is taken back, once it was shown what that would be${title}`,
  async () => {
    const repository = testRepository();
    const run = await landedRun(repository);
    const daemon = await startDaemon(repository);
    const { page, troubles, picture } = await openPage(await startBrowser(), {
      ...{ viewport: { width: 390, height: 844 }, colorScheme: "dark" },
    });
    const { url } = await daemon.json<{ url: string }>("/api/invitations", {});
    const dialog = page.getByRole("dialog");
    const button = page.locator("main").getByRole("button", { name: "Roll back", exact: true });
    const said = page.locator(".actions").getByRole("status");
    const tip = repository.git("rev-parse", "main");

    await page.goto(url);
    await page.getByRole("status").getByText("live").waitFor();
    await page.goto(`${daemon.url}/r/${run}/t/one`);
    await button.click();
    await said.getByText("needed by `two`").waitFor();
    const needed = await dialog.count();
    await page.goto(`${daemon.url}/r/${run}`);
    await button.click();
    await dialog.getByText("2 commits").waitFor();
    const shown = await dialog.locator("li").allTextContents();
    const overflow = [await overflowOf(page)];
    await picture("phone-rollback");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await button.click();
    await dialog.waitFor();
    // What is chosen at first is to leave it, and no key reaches what is behind.
    await page.keyboard.press("g");
    await page.keyboard.press("r");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    const left = [repository.git("rev-parse", "main"), page.url()];
    await page.setViewportSize({ width: 1200, height: 800 });
    await page.emulateMedia({ colorScheme: "light" });
    await button.click();
    await dialog.waitFor();
    await picture("desktop-rollback");
    await dialog.getByRole("button", { name: "Roll back" }).click();
    await said.getByText("It is taken back.").waitFor();
    await page.locator(".facts").getByText("rolled back").waitFor();
    await button.waitFor({ state: "detached" });
    await page.goto(`${daemon.url}/r/${run}/t/two`);
    await page.getByRole("heading", { name: "two" }).waitFor();
    const after = await page.getByRole("button", { name: /Roll back|Land/ }).count();

    expect(shown).toEqual([
      `${tip.slice(0, 7)} dispatch: task two — two`,
      expect.stringContaining("dispatch: task one — one"),
    ]);
    expect([needed, after, overflow]).toEqual([0, 0, [0]]);
    expect(left).toEqual([tip, `${daemon.url}/r/${run}`]);
    expect(repository.git("log", "-1", "--format=%s", "main")).toBe(
      'Revert "dispatch: task one — one"',
    );
    expect(troubles).toEqual([expect.stringContaining("409")]);
  },
  60_000,
);
