import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { onTestEnd } from "../../support/leftovers.ts";
import { root } from "../../support/program.ts";

/** The Chromium of this machine; null where there is none. */
export const chromiumPath: string | null =
  [process.env.CHROMIUM ?? "", "/usr/bin/chromium", "/usr/bin/chromium-browser"].find(
    (path) => path !== "" && existsSync(path),
  ) ?? null;

/** Where pictures are kept for people to look at; git ignores them. */
const pictures = join(root, "screenshots");

/** A page of a test, and everything that went wrong in it, refusals of its own policy among them. */
export interface TestPage {
  readonly page: Page;
  readonly troubles: readonly string[];
  /** Keeps a picture of what is in view. */
  picture(name: string): Promise<void>;
}

/** Starts a browser that ends with the test. */
export async function startBrowser(): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: chromiumPath ?? "",
    // Its sandbox needs rights that a container does not give; it shows pages of the test alone.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  onTestEnd(() => browser.close());
  return browser;
}

/** Opens a page of a context of its own. */
export async function openPage(browser: Browser, how: BrowserContextOptions): Promise<TestPage> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...how });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on("pageerror", (error) => void troubles.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") troubles.push(message.text());
  });
  return {
    page,
    troubles,
    async picture(name) {
      mkdirSync(pictures, { recursive: true });
      await page.screenshot({ path: join(pictures, `${name}.png`) });
    },
  };
}

/** How much wider the page is than its window, or the links to its pages than the room that they have. */
export async function overflowOf(page: Page): Promise<number> {
  const text =
    "Math.max(...[document.documentElement, document.querySelector('header nav')].map((box) => box.scrollWidth - box.clientWidth))";
  return (await page.evaluate(text)) as number;
}
