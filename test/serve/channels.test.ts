import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openChannels } from "../../cli/serve/channels.ts";
import { serveDefaults } from "../../cli/serve-config.ts";
import { botToken } from "../support/bot-server.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

const telegram = { users: [5], chats: [5], token: null, server: null };
const settings = { ...serveDefaults, channels: { ...serveDefaults.channels, telegram } };

/** What comes of opening a bot whose token stands in the usual file. */
async function opened(text: string | null, mode = 0o600, env: Record<string, string> = {}) {
  const home = temporaryDirectory("ra-channels");
  const path = join(home, "ra", "telegram.token");
  mkdirSync(join(home, "ra"));
  if (text !== null) writeFileSync(path, text);
  if (text !== null) chmodSync(path, mode);
  try {
    const channels = await openChannels(settings, { XDG_CONFIG_HOME: home, ...env });
    return channels.map(({ name }) => name);
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`.replace(path, "PATH");
  }
}

test("no channel is open unless the config opens one", async () => {
  expect(await openChannels(serveDefaults, {})).toEqual([]);
});

test("the token of the bot comes from a file that is its owner's alone, or from the environment", async () => {
  expect(await opened(`${botToken}\n`)).toEqual(["telegram"]);
  expect(await opened(null, 0o600, { RA_TELEGRAM_TOKEN: botToken })).toEqual(["telegram"]);
  for (const mode of [0o640, 0o604]) {
    expect(await opened(botToken, mode)).toBe(
      "TOKEN_UNFIT others may have read the token of the bot (`PATH`)",
    );
  }
});

test("what is no token is refused, and not repeated", async () => {
  expect(await opened(null)).toBe("TOKEN_UNFIT there is no token of the bot (`PATH`)");
  for (const text of ["", "my secret words", `${botToken}/../x`])
    expect(await opened(text)).toStartWith("TOKEN_UNFIT the");
  expect(await opened("my secret words")).not.toContain("secret");
});

/** What comes of opening a webhook whose secret stands in a file of its own. */
async function openedHook(text: string | null, mode = 0o600) {
  const home = temporaryDirectory("ra-channels");
  const secret = join(home, "hook.secret");
  if (text !== null) writeFileSync(secret, text, { mode });
  const webhook = { url: "http://127.0.0.1:1/x", secret, events: null };
  const outbox = { file: join(home, "out.json") };
  try {
    const channels = { telegram: null, outbox, webhook };
    return (await openChannels({ ...serveDefaults, channels }, {})).map(({ name }) => name);
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`.replace(
      secret,
      "PATH",
    );
  }
}

test("the secret of the webhook comes from a file that is its owner's alone", async () => {
  const open = ["outbox", "webhook"];
  expect(await openedHook("0123456789abcdef01234567\n")).toEqual(open);
  expect(await openedHook(`whsec_${"A".repeat(43)}=`)).toEqual(open);
  expect(await openedHook("0123456789abcdef01234567", 0o644)).toBe(
    "TOKEN_UNFIT others may have read the secret of the webhook (`PATH`)",
  );
  expect(await openedHook(null)).toBe("TOKEN_UNFIT there is no secret of the webhook (`PATH`)");
  for (const text of ["hush", "two words that are long enough", "whsec_not-base64-at-all-really"])
    expect(await openedHook(text)).toBe(
      "TOKEN_UNFIT the secret of the webhook is not fit (`PATH`)",
    );
});
