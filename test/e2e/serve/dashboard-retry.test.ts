import { expect, test } from "bun:test";
import { ending, type TestRepository, testRepository, until } from "../../support/repository.ts";
import { chromiumPath, openPage, overflowOf, startBrowser } from "./browser.ts";
import { startDaemon } from "./daemon.ts";

const noBrowser = chromiumPath === null;
const title = noBrowser ? " (skipped: there is no Chromium here)" : "";

/** A run of which `fine` landed, `bad` and `worse` failed and `after` was skipped. */
async function failedRun(repository: TestRepository): Promise<string> {
  const plan = repository.plan(
    [
      { id: "fine", run: "echo fine > fine.txt" },
      { id: "bad", run: "cat mended > bad.txt" },
      { id: "worse", run: "cat mended > worse.txt" },
      { id: "after", deps: ["bad"], run: "cat bad.txt > after.txt" },
    ],
    { name: "nightly" },
  );
  return ending(await repository.ra("dispatch", plan, "--json")).run;
}

test.skipIf(noBrowser)(
  `what failed is tried anew: from the inbox, in the bar of its run and of its task, and by a key${title}`,
  async () => {
    const repository = testRepository();
    const run = await failedRun(repository);
    const daemon = await startDaemon(repository);
    const { page, troubles, picture } = await openPage(await startBrowser(), {
      viewport: { width: 390, height: 844 },
    });
    const { url } = await daemon.json<{ url: string }>("/api/invitations", {});
    const button = (name: string) => page.getByRole("button", { name, exact: true });
    const card = page.getByRole("article").filter({ hasText: "nightly" });
    const node = (name: string) => page.getByRole("link", { name });
    const overflow: number[] = [];
    const look = async (name: string): Promise<void> => {
      overflow.push(await overflowOf(page));
      await picture(name);
    };
    /** The names and commands of what can be done. */
    const deeds = async (): Promise<(string | null)[]> => {
      const all = await page.locator("main .actions button[title]").all();
      return await Promise.all(
        all.map(async (one) => `${await one.textContent()}: ${await one.getAttribute("title")}`),
      );
    };
    const tries = async (): Promise<number[]> => {
      const { tasks } = await daemon.json<{ tasks: readonly { attempts: number }[] }>(
        `/api/runs/${run}`,
      );
      return tasks.map(({ attempts }) => attempts);
    };

    await page.goto(url);
    await card.getByText("bad", { exact: true }).waitFor();
    const inInbox = await deeds();
    await look("phone-retry-inbox");
    await card.getByRole("button", { name: "Seen" }).click();
    await page.getByText("Nothing needs you.").waitFor();
    await page.goto(`${daemon.url}/r/${run}`);
    await button("Retry failed").waitFor();
    const ofRun = await deeds();
    await look("phone-retry");
    await button("Retry failed").click();
    await node("worse: error").getByText("try 2").waitFor();
    await button("Retry failed").waitFor();
    const second = await tries();
    // It failed again, after it was seen.
    await page.keyboard.press("g");
    await page.keyboard.press("i");
    await card.waitFor();
    await page.keyboard.press("r");
    await page.keyboard.press("j");
    await page.keyboard.press("r");
    await until(async () => `${await tries()}` === "1,3,3,0", "a third try");
    await until(async () => (await daemon.json(`/api/runs/${run}`)).finishedAt !== null, "its end");
    repository.commit({ mended: "mended\n" });
    await page.setViewportSize({ width: 1200, height: 800 });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.goto(`${daemon.url}/r/${run}/t/bad`);
    await button("Retry").waitFor();
    const ofTask = await deeds();
    await look("desktop-retry-task");
    await button("Retry").click();
    await page.locator(".facts").getByText("landed as").waitFor();
    const said = await page.locator(".actions").getByRole("status").textContent();
    await page.goto(`${daemon.url}/r/${run}`);
    await button("Retry failed").waitFor();
    await node("fine: done").focus();
    await page.keyboard.press("r");
    await node("worse: error").focus();
    await page.keyboard.press("r");
    await page.locator(".actions").getByText("worse is tried anew.").waitFor();
    await node("worse: done").waitFor();
    await page.locator(".facts").getByText("succeeded").waitFor();
    await button("Retry failed").waitFor({ state: "detached" });
    await look("desktop-retry");
    const whole = await tries();

    const ofAll = `Retry failed: ra retry ${run} --wait`;
    const back = `Roll back: ra rollback ${run}`;
    expect([inInbox, ofRun]).toEqual([[ofAll], [ofAll, back]]);
    // It left a file, which may be landed as it is.
    const land = `Land: ra land ${run}/bad`;
    expect(ofTask).toEqual([`Retry: ra retry ${run}/bad --wait`, land]);
    expect(said).toBe("bad is tried anew.");
    expect([second, whole]).toEqual([
      [1, 2, 2, 0],
      [1, 4, 4, 1],
    ]);
    expect(repository.git("show", "main:worse.txt", "main:after.txt")).toBe("mended\nmended");
    expect([overflow, troubles]).toEqual([[0, 0, 0, 0], []]);
  },
  60_000,
);

test.skipIf(noBrowser)(
  `a task that a person stopped is tried anew by itself; one that was stopped with its run goes on with it${title}`,
  async () => {
    const repository = testRepository();
    const { hold } = repository;
    const stop = async (gate: string, what: string): Promise<string> => {
      const plan = repository.plan([{ id: "slow", run: `${hold(gate)}; echo slow > slow.txt` }]);
      const dispatch = await repository.start("dispatch", plan, "--json");
      await repository.arrival(gate);
      await repository.ra("stop", what);
      return ending(await dispatch.ended).run;
    };
    const whole = await stop("first", "@last");
    const one = await stop("second", "@last/slow");
    const daemon = await startDaemon(repository);
    const { page, troubles, picture } = await openPage(await startBrowser(), {
      ...{ viewport: { width: 390, height: 844 }, colorScheme: "dark" },
    });
    const { url } = await daemon.json<{ url: string }>("/api/invitations", {});
    const buttons = page.locator("main .actions button");

    await page.goto(url);
    await page.getByRole("status").getByText("live").waitFor();
    await page.goto(`${daemon.url}/r/${whole}`);
    await buttons.first().waitFor();
    const ofWhole = await buttons.allTextContents();
    await page.goto(`${daemon.url}/r/${one}`);
    await buttons.first().waitFor();
    const ofOne = await buttons.allTextContents();
    await page.getByRole("link", { name: "slow: stopped" }).click();
    await page.getByRole("button", { name: "Retry", exact: true }).waitFor();
    const overflow = await overflowOf(page);
    await picture("phone-retry-task");
    await page.getByRole("button", { name: "Retry", exact: true }).click();
    await page.getByRole("button", { name: "Stop", exact: true }).waitFor();
    repository.open("second");
    await page.locator(".facts").getByText("landed as").waitFor();
    await page.locator(".path a").click();
    await page.locator(".facts").getByText("succeeded").waitFor();

    expect(ofWhole).toEqual(["Resume"]);
    expect(ofOne).toEqual(["Retry failed"]);
    expect(repository.git("show", "main:slow.txt")).toBe("slow");
    expect([overflow, troubles]).toEqual([0, []]);
  },
  60_000,
);

test.skipIf(noBrowser)(
  `a budget that is used up is told where a retry was asked for${title}`,
  async () => {
    const repository = testRepository();
    const plan = repository.plan([{ id: "bad", run: "exit 1" }], { budget: { time: "1ms" } });
    const { run } = ending(await repository.ra("dispatch", plan, "--json"));
    const daemon = await startDaemon(repository);
    const { page, troubles, picture } = await openPage(await startBrowser(), {
      viewport: { width: 390, height: 844 },
    });
    const { url } = await daemon.json<{ url: string }>("/api/invitations", {});

    await page.goto(url);
    await page.getByRole("status").getByText("live").waitFor();
    await page.goto(`${daemon.url}/r/${run}/t/bad`);
    await page.getByRole("button", { name: "Retry", exact: true }).click();
    await page.getByText(`the budget of run \`${run}\` is used up`).waitFor();
    const overflow = await overflowOf(page);
    await picture("phone-retry-refused");

    expect(overflow).toBe(0);
    // The browser itself tells of the refusal.
    expect(troubles).toEqual([expect.stringContaining("409")]);
  },
  60_000,
);
