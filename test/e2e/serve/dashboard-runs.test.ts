import { expect, test } from "bun:test";
import { systemClock } from "../../../core/clock.ts";
import { Registry } from "../../../core/registry/registry.ts";
import type { Fact } from "../../../core/run/event.ts";
import { findPlace } from "../../../core/workspace/place.ts";
import { attemptStarted, nobody, runFinished, samplePlan, started } from "../../registry/sample.ts";
import { testRepository } from "../../support/repository.ts";
import { chromiumPath, openPage, overflowOf, startBrowser } from "./browser.ts";
import { startDaemon } from "./daemon.ts";

const noBrowser = chromiumPath === null;
const title = noBrowser ? " (skipped: there is no Chromium here)" : "";

/** 450 runs, three a day, the last on the evening of 26 November: one in ten by `kilo`, and of the oldest nobody knows the end. */
async function withRuns() {
  const repository = testRepository();
  let nowMs = 0;
  const clock = { ...systemClock, now: () => nowMs };
  await using registry = await Registry.open(findPlace(repository.dir), { clock });
  const last = Date.parse("2026-11-26T20:00:00Z");
  for (let i = 449; i >= 0; i--) {
    nowMs = last - i * 8 * 3_600_000;
    const name = `run ${449 - i}`;
    const attempt = { ...attemptStarted("a"), runner: i % 10 === 9 ? "kilo" : "claude" } as Fact;
    await registry.commit(`r${String(449 - i).padStart(3, "0")}`, () => [
      started({ ...samplePlan(["a"], name) }, nobody),
      attempt,
      ...(i === 449 ? [] : [runFinished("stopped")]),
    ]);
  }
  return { daemon: await startDaemon(repository) };
}

test.skipIf(noBrowser)(
  `runs are found by agent and by day, however old, and an old one is shown as it is${title}`,
  async () => {
    const { daemon } = await withRuns();
    const { page, troubles, picture } = await openPage(await startBrowser(), {
      ...{ viewport: { width: 390, height: 844 }, colorScheme: "dark" },
      // The evening of the 26th is the morning of the 27th there.
      timezoneId: "Pacific/Auckland",
    });
    const { url } = await daemon.json<{ url: string }>("/api/invitations", {});
    const rows = page.locator(".rows a");
    const older = page.getByRole("button", { name: "Show older" });
    const names = async (): Promise<string[]> => await rows.locator("b").allTextContents();

    await page.goto(url);
    await page.getByRole("status").getByText("live").waitFor();
    await page.getByRole("link", { name: "Runs" }).click();
    await rows.nth(199).waitFor();
    const overflow = [await overflowOf(page)];
    await picture("phone-runs-many");
    const first = await names();
    await page.getByLabel("filter").fill("r00");
    await page.getByText("There is none in the newest 200.").waitFor();
    await older.click();
    await page.getByText("There is none in the newest 400.").waitFor();
    await older.click();
    await rows.nth(9).waitFor();
    const oldest = await names();
    const more = await older.count();
    await page.getByLabel("filter").fill("");
    await page.getByLabel("agent").selectOption("kilo");
    await rows.nth(45).waitFor({ state: "detached" });
    const kilo = await names();
    await page.reload();
    await rows.nth(199).waitFor();
    await page.getByLabel("day").fill("2026-07-01");
    await rows.nth(2).waitFor();
    await page.getByRole("button", { name: "Show older" }).waitFor({ state: "detached" });
    const day = await names();
    overflow.push(await overflowOf(page));
    await picture("phone-runs-day");
    await page.setViewportSize({ width: 1200, height: 800 });
    await page.emulateMedia({ colorScheme: "light" });
    await picture("desktop-runs-day");
    await page.getByLabel("day").fill("2026-06-30");
    await rows.getByText("run 0").click();
    await page.locator(".facts").getByText("broken off").waitFor();
    const resume = await page.getByRole("button", { name: "Resume" }).count();

    expect([first.length, first[0], first.at(-1)]).toEqual([200, "run 449", "run 250"]);
    expect(oldest).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((n) => `run ${n}`));
    expect([more, kilo.length, kilo[0], kilo.at(-1)]).toEqual([0, 45, "run 440", "run 0"]);
    expect(day).toEqual(["run 3", "run 2", "run 1"]);
    expect([overflow, resume]).toEqual([[0, 0], 1]);
    expect(troubles).toEqual([]);
  },
  60_000,
);
