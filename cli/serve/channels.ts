import { dirname, join } from "node:path";
import type { Channel } from "../../core/plugin/channel.ts";
import { channelImports } from "../builtin.ts";
import { userConfigPath } from "../config.ts";
import type { ServeSettings, TelegramConfig } from "../serve-config.ts";
import { readPrivate, tokenUnfit } from "./private-file.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that may hold the token of the bot. Nothing that the gateway starts gets it. */
export const telegramVariable = "RA_TELEGRAM_TOKEN";

/** The channels that the user has opened. Throws `RaError` (exit 6) where one cannot be. */
export async function openChannels(
  { channels, prompts }: ServeSettings,
  env: Environment,
): Promise<readonly Channel[]> {
  const { telegram } = channels;
  if (telegram === null) return [];
  const plugin = await channelImports.telegram();
  const { users, chats, server } = telegram;
  const token = telegramToken(telegram, env);
  return [plugin.default({ token, users, chats, server, prompts: prompts.includes("telegram") })];
}

function telegramToken({ token }: TelegramConfig, env: Environment): string {
  const config = userConfigPath(env);
  const usual = config === null ? null : join(dirname(config), "telegram.token");
  const path = token ?? usual;
  const hint = "`@BotFather` gives one; write it to the file and `chmod 600` it";
  const value =
    env[telegramVariable]?.trim() ||
    (path && readPrivate({ path, what: "the token of the bot", hint: "`chmod 600` it" }));
  if (!value) throw tokenUnfit(`there is no token of the bot (\`${path}\`)`, hint);
  // Its own words are not told: what stands there may be a secret all the same.
  if (!/^\d{1,20}:[\w-]{20,100}$/.test(value))
    throw tokenUnfit("the token of the bot does not look like one", hint);
  return value;
}
