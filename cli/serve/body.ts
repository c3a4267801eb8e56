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
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Refusal(408, "TOO_SLOW", "the body did not come")), bodyMs);
  });
  try {
    const text = await Promise.race([request.text(), late]);
    return text === "" ? undefined : JSON.parse(text);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, "BAD_BODY", "the body is not JSON");
  } finally {
    clearTimeout(timer);
  }
}
