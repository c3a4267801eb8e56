import { dirname, join } from "node:path";
import type { Channel } from "../../core/plugin/channel.ts";
import { channelImports } from "../builtin.ts";
import { userConfigPath } from "../config.ts";
import type { WebhookConfig } from "../line-config.ts";
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
  const { telegram, outbox, webhook } = channels;
  const opened: Channel[] = [];
  if (telegram !== null) {
    const plugin = await channelImports.telegram();
    const { users, chats, server } = telegram;
    const token = telegramToken(telegram, env);
    const mayPrompt = prompts.includes("telegram");
    opened.push(plugin.default({ token, users, chats, server, prompts: mayPrompt }));
  }
  if (outbox !== null) opened.push((await channelImports.outbox()).default(outbox));
  if (webhook !== null) {
    const { url, events } = webhook;
    const secret = webhookSecret(webhook, env);
    opened.push((await channelImports.webhook()).default({ url, secret, events }));
  }
  return opened;
}

function webhookSecret({ secret }: WebhookConfig, env: Environment): string {
  const config = userConfigPath(env);
  const path = secret ?? (config === null ? null : join(dirname(config), "webhook.secret"));
  const what = "the secret of the webhook";
  const value = path && readPrivate({ path, what, hint: "`chmod 600` it" });
  const hint = "write 24 characters or more to it that nobody guesses, and `chmod 600` it";
  if (!value) throw tokenUnfit(`there is no secret of the webhook (\`${path}\`)`, hint);
  // Its own words are not told.
  if (!/^[\x21-\x7e]{24,500}$/.test(value) || !isBase64(value))
    throw tokenUnfit(`the secret of the webhook is not fit (\`${path}\`)`, hint);
  return value;
}

/** What Standard Webhooks writes as `whsec_` and base64 must be that, or the two sides would sign differently. */
function isBase64(secret: string): boolean {
  return !secret.startsWith("whsec_") || /^[A-Za-z0-9+/]{24,}={0,2}$/.test(secret.slice(6));
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
