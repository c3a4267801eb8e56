import type { IncomingMessage } from "node:http";

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
