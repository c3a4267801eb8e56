import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page, WebSocketRoute } from "playwright-core";
import { acpAgent } from "../../plugins/acp-agent.ts";
import { type TestRepository, testRepository, until } from "../../support/repository.ts";
import { chromiumPath, openPage, overflowOf, startBrowser } from "./browser.ts";
import { startDaemon, userConfig } from "./daemon.ts";

/** What a page must show as it is written, and never obey. */
const hostile = '<img src="/x" onerror="document.title=1"><script>document.title=2</script>';

/** What an agent reports, longer than what is in view. */
const report = [
  ...["", "", "## Payments", "", "It takes **cards**.", hostile, ""],
  ...["![cat](https://evil.example/cat.png)", "[notes](https://notes.example/a)", ""],
  ...Array.from({ length: 60 }, (_, i) => `- step ${i + 1}`),
].join("\n");

const cart = [
  'import { db } from "./db.ts";',
  "",
  "/** A cart with its lines. */",
  "export interface Cart { readonly id: number; readonly lines: readonly string[] }",
  "",
  "export async function findCart(id: number): Promise<Cart | null> {",
  "  const [row] = await db.query`select * from cart where id = ?`;",
  "  return row ?? null; // 404 is for the caller to say",
  "}",
  "",
].join("\n");

/** A daemon that knows a plan whose agent asks, and one that fails. */
async function served() {
  const repository = testRepository();
  const { command } = acpAgent({
    writes: "told.txt",
    updates: [{ sessionUpdate: "agent_message_chunk", content: { type: "text", text: report } }],
    permission: {
      toolCall: { toolCallId: "c1", kind: "fetch", title: `npx stripe listen ${hostile}` },
      options: [
        { optionId: "always", name: "Always allow", kind: "allow_always" },
        { optionId: "yes", name: "Allow", kind: "allow_once" },
        { optionId: "no", name: "Reject", kind: "reject_once" },
      ],
    },
  });
  writeFileSync(join(repository.top, "cart.ts"), cart);
  const agent = { runner: "acp", touching: ["told.txt"] };
  const tour = repository.plan(
    [
      {
        ...{ id: "schema", description: "Add a cart table", touching: ["src/**"] },
        run: `mkdir -p src && cp ${join(repository.top, "cart.ts")} src/cart.ts && echo made`,
        verify: "grep -c Cart src/cart.ts",
      },
      { ...agent, id: "payments", deps: ["schema"], prompt: `Take payments. ${hostile}` },
      { id: "docs", deps: ["schema"], run: "echo carts > docs.md", touching: ["docs.md"] },
      { id: "e2e", deps: ["payments", "docs"], run: "echo ok > e2e.txt", touching: ["e2e.txt"] },
    ],
    { name: "checkout rewrite" },
  );
  const broken = repository.plan([{ id: "lint", run: "echo 9 errors; exit 1" }], {
    name: "nightly lint",
  });
  const steps = repository.plan(
    [
      { id: "one", run: "echo 1 > one.txt", touching: ["one.txt"] },
      { id: "two", deps: ["one"], run: "echo 2 > two.txt", touching: ["two.txt"] },
    ],
    { name: "step by step", mode: "step-through" },
  );
  userConfig(repository, {
    runners: { acp: { command } },
    serve: {
      plans: {
        tour: { file: tour, about: "Carts, payments and docs", params: { stage: stage } },
        broken: { file: broken },
        steps: { file: steps },
      },
      cron: { yearly: { plan: "broken", at: "0 3 29 2 *", timeZone: "Europe/Berlin" } },
    },
  });
  return { repository, daemon: await startDaemon(repository) };
}

/** The line of a page, which can be cut, and stays so until it is mended. */
async function lineOf(page: Page) {
  let isCut = false;
  let open: WebSocketRoute | undefined;
  await page.routeWebSocket(/\/api\/socket$/, (route) => {
    if (isCut) return void route.close();
    open = route;
    route.connectToServer();
  });
  return {
    cut(): void {
      isCut = true;
      void open?.close();
    },
    mend(): void {
      isCut = false;
    },
  };
}

function landed({ git }: TestRepository): boolean {
  return git("log", "--format=%s", "main").includes("task e2e");
}

const stage = { type: "choice", values: ["test", "live"], default: "test" };

const noBrowser = chromiumPath === null;
const title = noBrowser ? " (skipped: there is no Chromium here)" : "";

test.skipIf(noBrowser)(
  `on a desktop: in by a link, a request, its run as it goes, an answer, its changes${title}`,
  async () => {
    const { repository, daemon } = await served();
    const { page, troubles, picture } = await openPage(await startBrowser(), {
      viewport: { width: 1200, height: 800 },
    });
    const { code, stdout: link } = await repository.ra("serve", "--link");

    const wire = await lineOf(page);
    await page.goto(daemon.url);
    await page.getByText("ra serve --link").waitFor();
    await page.goto(link.trim());
    await page.reload();
    await page.getByRole("status").getByText("live").waitFor();
    const address = page.url();
    await page.getByRole("link", { name: "New" }).click();
    await page.getByRole("combobox").selectOption("live");
    await page.getByRole("button", { name: "Run tour" }).click();
    await page.getByRole("heading", { name: "checkout rewrite" }).waitFor();
    await page.getByRole("link", { name: "payments: needs-you" }).waitFor();
    await page.getByRole("link", { name: "docs: done" }).waitFor();
    await picture("desktop-run");
    const asked = await page.locator(".asked").textContent();
    await until(async () => (await page.title()) === "(1) ra", "the count in the title");
    wire.cut();
    await page.getByRole("status").getByText("reconnecting").waitFor();
    await page.getByRole("button", { name: "Allow", exact: true }).click();
    await until(() => landed(repository), "the landing");
    const unseen = await page.getByRole("link", { name: "e2e: pending" }).count();
    wire.mend();
    await page.getByRole("link", { name: "e2e: done" }).waitFor();
    await page.locator(".facts").getByText("4/4 done").waitFor();
    await page.getByRole("link", { name: "timeline" }).click();
    await page.locator(".bar .asks").waitFor();
    await picture("desktop-timeline");
    await page.getByRole("link", { name: "events" }).click();
    await page.getByText("answered by http: yes").waitFor();
    await page.getByRole("link", { name: "table" }).click();
    await page.getByRole("link", { name: "schema", exact: false }).click();
    await page.getByRole("link", { name: "diff" }).click();
    await page.getByText("src/cart.ts").waitFor();
    const keyword = await page.locator(".diff-code-insert .hljs-keyword").first().textContent();
    await picture("desktop-diff");
    await page.getByRole("link", { name: "checks" }).click();
    await page.locator(".log").getByText("2").waitFor();
    await page.getByRole("link", { name: "log", exact: true }).click();
    await page.locator(".log").getByText("made").waitFor();
    await page.getByRole("link", { name: "checkout rewrite" }).click();
    await page.getByRole("link", { name: "payments: done" }).click();
    const activity = page.getByRole("log");
    await activity.getByText("yes").waitFor();
    await picture("desktop-activity");
    const prose = {
      title: await activity.getByRole("heading", { name: "Payments" }).count(),
      strong: await activity.locator("strong").textContent(),
      html: await activity.getByText(hostile).count(),
      loaded: await activity.locator("img, script, iframe").count(),
      href: await activity.getByRole("link").getAttribute("href"),
      rel: await activity.getByRole("link").getAttribute("rel"),
    };
    const follow = page.getByRole("button", { name: "Follow the end" });
    const atEnd = await follow.count();
    await activity.evaluate((box) => box.scrollTo(0, 0));
    await follow.click();
    await follow.waitFor({ state: "detached" });
    await page.getByRole("link", { name: "prompt" }).click();
    await page.locator("pre.text").getByText("Notes from `ra`").waitFor();
    const prompt = await page.locator("pre.text").textContent();
    const trouble = [...troubles];
    await daemon.end();
    await page.getByRole("status").getByText("reconnecting").waitFor();

    expect([code, address]).toEqual([0, `${daemon.url}/`]);
    expect([asked, unseen]).toEqual([expect.stringContaining(hostile), 1]);
    expect([prose, atEnd]).toEqual([
      {
        ...{ title: 1, strong: "cards", html: 1, loaded: 0 },
        ...{ href: "https://notes.example/a", rel: "noopener noreferrer nofollow" },
      },
      0,
    ]);
    expect(keyword).toBe("import");
    expect(prompt).toStartWith(`Take payments. ${hostile}\n`);
    expect(trouble).toEqual([]);
    expect(repository.git("show", "main:told.txt")).toContain("yes");
  },
  60_000,
);

test.skipIf(noBrowser)(
  `on a phone, by keys alone: a request, the inbox, an answer, what failed${title}`,
  async () => {
    const { daemon } = await served();
    const { page, troubles, picture } = await openPage(await startBrowser(), {
      ...{ viewport: { width: 390, height: 844 }, colorScheme: "dark" },
      ...{ deviceScaleFactor: 2, hasTouch: true, isMobile: true },
    });
    const { url } = await daemon.json<{ url: string }>("/api/invitations", {});
    const keyboard = page.keyboard;
    const type = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await keyboard.press(key);
    };
    const begin = async (plan: string): Promise<void> => {
      await page.getByRole("button", { name: `Run ${plan}` }).waitFor();
      while (!(await page.evaluate(`document.activeElement.innerText === 'Run ${plan}'`)))
        await type("Tab");
      await type("Enter");
    };
    const overflow: number[] = [];
    const look = async (name: string): Promise<void> => {
      overflow.push(await overflowOf(page));
      await picture(`phone-${name}`);
    };

    await page.goto(url);
    await page.getByText("Nothing needs you.").waitFor();
    await type("g", "n");
    await page.getByRole("button", { name: "Run broken" }).waitFor();
    await look("new");
    await begin("broken");
    await page.getByRole("link", { name: "lint: error" }).waitFor();
    await type("g", "n");
    await begin("steps");
    await page.getByRole("link", { name: "one: done" }).waitFor();
    await type("g", "i");
    await page.getByText("waits between its tasks").waitFor();
    await type("j", "a");
    await page.getByText("waits between its tasks").waitFor({ state: "detached" });
    await type("g", "n");
    await begin("tour");
    await page.getByRole("link", { name: "payments: needs-you" }).waitFor();
    await look("run");
    await type("g", "i");
    await page.getByText("nightly lint").waitFor();
    await page.getByRole("button", { name: "Allow", exact: true }).waitFor();
    await look("inbox");
    await type("a");
    const unselected = await page.getByRole("button", { name: "Allow", exact: true }).count();
    await type("j", "a");
    await page.getByRole("button", { name: "Allow", exact: true }).waitFor({ state: "detached" });
    await type("g", "r");
    await page.getByRole("link", { name: /checkout rewrite.*4\/4/ }).waitFor();
    await look("runs");
    await page.getByLabel("state").selectOption("failed");
    await page.getByRole("link", { name: /checkout rewrite/ }).waitFor({ state: "detached" });
    const failed = await page.locator(".rows a").allTextContents();
    await page.getByLabel("filter").fill("step");
    await page.getByText("There is no such run.").waitFor();
    await page.getByLabel("filter").fill("");
    await page.getByLabel("state").selectOption("");
    await page.getByLabel("filter").blur();
    await type("g", "s");
    await page
      .getByText("29 Feb 2028, 03:00")
      .or(page.getByText(/Feb 29.*03:00/))
      .waitFor();
    await look("schedules");
    await type("g", "a");
    const acp = page.getByRole("article").filter({ hasText: "acp" }).first();
    await acp.getByText("0 at work").waitFor();
    await look("agents");
    await type("g", "r");
    await type("j", "Enter");
    await page.getByRole("heading", { name: "checkout rewrite" }).waitFor();
    await page.getByRole("link", { name: "schema: done" }).focus();
    await type("Enter");
    await page.getByRole("link", { name: "diff" }).focus();
    await type("Enter");
    await page.locator(".diff-code-insert .hljs-keyword").first().waitFor();
    await look("diff");
    await type("?");
    await page.getByRole("dialog").waitFor();

    expect(unselected).toBe(1);
    expect(failed).toEqual([expect.stringContaining("nightly lint")]);
    expect(overflow).toEqual(overflow.map(() => 0));
    expect(troubles).toEqual([]);
  },
  60_000,
);
