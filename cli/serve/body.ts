import { limits } from "../../core/limits.ts";
import { Refusal } from "./refusal.ts";

/** How long the whole of a body may take to come, in milliseconds. */
const bodyMs = 10_000;

/** The JSON that was sent; undefined for nothing. Throws `Refusal`. */
export async function bodyOf(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  // What a page of another origin may send unasked is of other types.
  if (type !== "application/json") {
    throw new Refusal(415, "NOT_JSON", "the body must be `application/json`");
  }
  const text = await textOf(request);
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    throw new Refusal(400, "BAD_BODY", "the body is not JSON");
  }
}

/** Reads no further than may be sent, and not for ever. */
async function textOf(request: Request): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > limits.requestBytes) throw tooLarge();
  const reader = request.body?.getReader();
  if (reader === undefined) return "";
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void reader.cancel().catch(() => {});
  }, bodyMs);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const chunks: string[] = [];
  let size = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (isLate) throw new Refusal(408, "TOO_SLOW", "the body did not come");
      if (done) return chunks.join("") + decoder.decode();
      size += value.length;
      if (size > limits.requestBytes) throw tooLarge();
      chunks.push(decoder.decode(value, { stream: true }));
    }
  } catch (error) {
    void reader.cancel().catch(() => {});
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, "BAD_BODY", "the body did not come whole, or is not UTF-8");
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(): Refusal {
  return new Refusal(413, "TOO_LARGE", `the body is larger than ${limits.requestBytes} bytes`);
}
