import { expect, test } from "bun:test";
import { acpAgent } from "../../plugins/acp-agent.ts";
import { ending, testRepository } from "../../support/repository.ts";
import { chromiumPath, openPage, overflowOf, startBrowser } from "./browser.ts";
import { startDaemon, userConfig } from "./daemon.ts";

const noBrowser = chromiumPath === null;
const title = noBrowser ? " (skipped: there is no Chromium here)" : "";

/** What the plan holds and nobody is shown. */
const secret = "tell-nobody-7f3a";

const hostile = '<img src="/x" onerror="document.title=1">';

/** A run that has failed at its first task: what its plan says stands there all the same. */
async function plannedRun() {
  const repository = testRepository();
  userConfig(repository, { runners: { acp: { command: acpAgent({}).command } } });
  const plan = repository.plan(
    [
      {
        ...{ id: "schema", description: "Add a cart table", run: `: ${secret}; exit 1` },
        ...{ touching: ["src/**", "db/**"], scope: "block", verify: "grep -c Cart src/cart.ts" },
        env: { DEPLOY_TOKEN: secret, STAGE: "test" },
      },
      {
        ...{ id: "payments", deps: ["schema"], runner: "acp", timeout: "20m" },
        prompt: `Take payments. ${hostile}\n\n${"Tell each step. ".repeat(400)}`,
        budget: { usd: 5, time: "90s" },
      },
      { id: "docs", deps: ["schema", "payments"], run: "echo carts > docs.md" },
    ],
    { name: "checkout rewrite", shared: ["package-lock.json"] },
  );
  const { run } = ending(await repository.ra("dispatch", plan, "--json"));
  return { run, daemon: await startDaemon(repository) };
}

test.skipIf(noBrowser)(
  `the plan of a run is shown as it was dispatched, without its secrets${title}`,
  async () => {
    const { run, daemon } = await plannedRun();
    const { page, troubles, picture } = await openPage(await startBrowser(), {
      ...{ viewport: { width: 390, height: 844 }, colorScheme: "dark" },
    });
    const { url } = await daemon.json<{ url: string }>("/api/invitations", {});

    await page.goto(url);
    await page.getByRole("status").getByText("live").waitFor();
    await page.goto(`${daemon.url}/r/${run}`);
    await page.getByRole("link", { name: "plan", exact: true }).click();
    const tasks = page.getByRole("article");
    await tasks.nth(2).waitFor();
    const [whole] = await page.locator(".said").allInnerTexts();
    const told = await tasks.allInnerTexts();
    const html = await page.content();
    const overflow = await overflowOf(page);
    await picture("phone-plan");
    await page.setViewportSize({ width: 1200, height: 800 });
    await page.emulateMedia({ colorScheme: "light" });
    await picture("desktop-plan");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "payments" }).waitFor();

    const lines = told.map((text) => text.split(/\n+/));
    expect(lines.map(([id]) => id)).toEqual(["schema", "payments", "docs"]);
    expect(lines[0]).toEqual([
      ...["schema", "Add a cart table", "runner", "shell", "touching", "src/** db/**"],
      ...["scope", "block", "verify", "grep -c Cart src/cart.ts", "onConflict", "error"],
      ...["timeout", "5m00s", "env", "DEPLOY_TOKEN=***", "STAGE=test", ": ***; exit 1"],
    ]);
    expect(lines[1]?.slice(0, 7)).toEqual([
      ...["payments", "deps", "schema", "runner", "acp", "onConflict"],
      expect.any(String),
    ]);
    expect(lines[1]?.slice(7, 12)).toEqual([
      ...["timeout", "20m00s", "budget", "$5.00, 1m30s", `Take payments. ${hostile}`],
    ]);
    expect(lines[2]?.slice(0, 3)).toEqual(["docs", "deps", "schema, payments"]);
    expect(whole).toMatch(/mode\s+auto\s+concurrency\s+3\s+target\s+main\s+base\s+[0-9a-f]{40}/);
    expect([html.includes(secret), overflow, await page.title()]).toEqual([false, 0, "ra"]);
    expect(troubles).toEqual([]);
  },
  60_000,
);
