import type { IncomingMessage } from "node:http";

/** A button below a message. */
export interface TestButton {
  readonly text: string;
  readonly callback_data: string;
}

/** What the Bot API does not do. */
export class Refused extends Error {
  readonly code: number;
  readonly parameters: object;
  constructor(code: number, description: string, parameters: object = {}) {
    super(description);
    this.code = code;
    this.parameters = parameters;
  }
}

/** As strict as Telegram with the length of a text. */
export function demandFit(text: string, max: number): void {
  if (text.length === 0) throw new Refused(400, "Bad Request: message text is empty");
  if (text.length > max) throw new Refused(400, "Bad Request: message is too long");
}

/** The buttons that a call puts below a message. */
export function buttonsOf(params: Readonly<Record<string, unknown>>): TestButton[] {
  const rows = (asObject(params.reply_markup).inline_keyboard ?? []) as TestButton[][];
  const buttons = rows.flat();
  for (const { callback_data: data } of buttons) {
    const bytes = Buffer.byteLength(data);
    if (bytes < 1 || bytes > 64) throw new Refused(400, "Bad Request: BUTTON_DATA_INVALID");
  }
  return buttons;
}

/** An object as such; empty for anything else. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** What a call carries, as JSON or as a form with a file. */
export async function paramsOf(
  request: IncomingMessage,
): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  const body = Buffer.concat(chunks);
  const type = request.headers["content-type"] ?? "";
  if (!type.startsWith("multipart/"))
    return asObject(body.length === 0 ? {} : JSON.parse(body.toString("utf8")));
  const form = await new Response(body, { headers: { "content-type": type } }).formData();
  const params: Record<string, unknown> = {};
  for (const [name, value] of form.entries()) {
    if (typeof value === "string") params[name] = value;
    else params.file = { name: value.name, text: await value.text() };
  }
  return params;
}
