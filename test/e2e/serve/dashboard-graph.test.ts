import { expect, test } from "bun:test";
import { ending, testRepository } from "../../support/repository.ts";
import { chromiumPath, openPage, startBrowser } from "./browser.ts";
import { startDaemon } from "./daemon.ts";

const noBrowser = chromiumPath === null;
const title = noBrowser ? " (skipped: there is no Chromium here)" : "";

test.skipIf(noBrowser)(
  `a task of the graph is opened within the page, by a click or a key, and elsewhere when asked to${title}`,
  async () => {
    const repository = testRepository();
    const plan = repository.plan([
      { id: "build", run: "echo ok > ok.txt" },
      { id: "lint", run: "true", deps: ["build"] },
    ]);
    const { run } = ending(await repository.ra("dispatch", plan, "--json"));
    const daemon = await startDaemon(repository);
    const { page, troubles } = await openPage(await startBrowser(), {
      viewport: { width: 1200, height: 800 },
    });
    const { url } = await daemon.json<{ url: string }>("/api/invitations", {});
    const node = (id: string) => page.getByRole("link", { name: `${id}: done` });
    const heading = (id: string) => page.getByRole("heading", { name: id, exact: true });

    await page.goto(url);
    await page.getByRole("status").getByText("live").waitFor();
    await page.goto(`${daemon.url}/r/${run}`);
    await node("build").waitFor();
    // A page that is loaded anew knows nothing of it.
    await page.evaluate("document.isFirst = true");
    await node("build").click();
    await heading("build").waitFor();
    const clicked = new URL(page.url()).pathname;
    await page.goBack();
    await node("lint").focus();
    await page.keyboard.press("Enter");
    await heading("lint").waitFor();
    const pressed = new URL(page.url()).pathname;
    await page.goBack();
    await node("lint").waitFor();
    const [other] = await Promise.all([
      page.context().waitForEvent("page"),
      node("build").click({ modifiers: ["ControlOrMeta"] }),
    ]);
    await other.getByRole("heading", { name: "build", exact: true }).waitFor();
    const stays = new URL(page.url()).pathname;
    const isFirst = await page.evaluate("document.isFirst === true");

    const [build, lint] = [`/r/${run}/t/build`, `/r/${run}/t/lint`];
    expect([clicked, pressed, stays]).toEqual([build, lint, `/r/${run}`]);
    expect([isFirst, troubles]).toEqual([true, []]);
  },
  60_000,
);
