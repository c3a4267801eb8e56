import type { RequestError } from "@agentclientprotocol/sdk";

/** What an agent says of why it did not do what it was asked; some put it beside the message. */
export function wordsOf({ message, data }: RequestError): string {
  const details = (data as { details?: unknown } | null | undefined)?.details;
  return typeof details === "string" ? `${message}: ${details}` : message;
}
