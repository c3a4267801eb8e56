import { expect, test } from "bun:test";
import { ending, testRepository } from "../../support/repository.ts";
import { chromiumPath, openPage, overflowOf, startBrowser } from "./browser.ts";
import { startDaemon } from "./daemon.ts";

const noBrowser = chromiumPath === null;
const title = noBrowser ? " (skipped: there is no Chromium here)" : "";

test.skipIf(noBrowser)(
  `keys do what their list says: places, what is selected, the log of its task${title}`,
  async () => {
    const repository = testRepository();
    const plan = repository.plan([
      { id: "build", run: "echo built; echo ok > ok.txt" },
      { id: "lint", run: "echo 9 errors; exit 1", deps: ["build"] },
    ]);
    const { run } = ending(await repository.ra("dispatch", plan, "--json"));
    const daemon = await startDaemon(repository);
    const { page, troubles, picture } = await openPage(await startBrowser(), {
      viewport: { width: 390, height: 844 },
    });
    const { url } = await daemon.json<{ url: string }>("/api/invitations", {});
    const type = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const current = page.locator("header a[aria-current]");
    const log = page.getByLabel("output");
    const logs: string[] = [];
    /** Opens a log by keys, and comes back. */
    const look = async (text: string, ...keys: string[]): Promise<void> => {
      await type(...keys);
      await log.getByText(text).waitFor();
      logs.push(new URL(page.url()).pathname + new URL(page.url()).search);
      await page.goBack();
      await log.waitFor({ state: "detached" });
    };

    await page.goto(url);
    await page.getByRole("status").getByText("live").waitFor();
    await page.getByRole("link", { name: "lint", exact: true }).waitFor();
    await look("9 errors", "j", "l");
    const places: (string | null)[] = [];
    for (const [key, name] of Object.entries({
      r: "Runs",
      s: "Sch",
      a: "Age",
      n: "New",
      i: "In",
    })) {
      await type("g", key);
      await current.filter({ hasText: name }).waitFor();
      places.push(await current.getAttribute("href"));
    }
    await page.getByRole("link", { name: "lint", exact: true }).waitFor();
    // Neither is a place: no key does what it does by itself.
    await type("j", "g", "l", "g", "x");
    const unmoved = new URL(page.url()).pathname;
    await type("Enter");
    await page.getByRole("link", { name: "lint: error" }).waitFor();
    await type("l");
    const unselected = new URL(page.url()).pathname;
    await look("built", "j", "l");
    await page.getByRole("link", { name: "timeline" }).click();
    await page.locator(".bar").first().waitFor();
    await look("9 errors", "j", "j", "j", "k", "j", "l");
    await page.getByRole("link", { name: "table" }).click();
    await page.locator(".row").first().waitFor();
    await look("9 errors", "j", "l");
    await page.getByRole("link", { name: "plan" }).click();
    await page.getByRole("article").first().waitFor();
    await look("built", "j", "l");
    await type("j", "j", "Enter");
    await page.getByRole("heading", { name: "lint" }).waitFor();
    await look("9 errors", "l");
    await type("?");
    const list = page.getByRole("dialog", { name: "keys" });
    await list.waitFor();
    const told = await list.locator("th").allTextContents();
    const overflow = await overflowOf(page);
    await picture("phone-keys");
    await type("l", "g", "r");
    const behind = new URL(page.url()).pathname;
    await type("Escape");
    await list.waitFor({ state: "hidden" });

    const [build, lint] = ["build", "lint"].map((id) => `/r/${run}/t/${id}?tab=log`);
    expect(logs).toEqual([lint, build, lint, lint, build, lint] as string[]);
    expect(places).toEqual(["/runs", "/schedules", "/agents", "/new", "/"]);
    expect([unmoved, unselected, behind]).toEqual(["/", `/r/${run}`, `/r/${run}/t/lint`]);
    expect(told).toEqual([
      "g i",
      "g r",
      "g s",
      "g a",
      "g n",
      "j, k",
      "Enter",
      "l",
      "r",
      "a, d",
      "?",
    ]);
    expect([overflow, troubles]).toEqual([0, []]);
  },
  60_000,
);
