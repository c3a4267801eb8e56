import { createHmac } from "node:crypto";
import type { Event } from "../../core/run/event.ts";
import { onTestEnd } from "./leftovers.ts";

/** The secret of every webhook of the tests. */
export const hookSecret = "0123456789abcdef01234567";

/** A receiver of webhooks on this machine. */
export interface HookServer {
  readonly url: string;
  /** What has come, oldest first, whatever was answered. Only what is signed as it must be counts. */
  readonly got: Event[];
  readonly unsigned: number;
  /** How it answers from now on: a status, for each event if need be, or never. */
  answers: Answers;
}

type Answers = number | "never" | ((event: Event) => number);

/** Starts one, which ends with the test. */
export function hookServer(): HookServer {
  const hook = { url: "", got: [] as Event[], unsigned: 0, answers: 204 as Answers };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const body = await request.text();
      const signed = `${request.headers.get("webhook-id")}.${request.headers.get("webhook-timestamp")}.${body}`;
      const signature = createHmac("sha256", hookSecret).update(signed).digest("base64");
      if (request.headers.get("webhook-signature") === `v1,${signature}`)
        hook.got.push(JSON.parse(body));
      else hook.unsigned += 1;
      const { answers } = hook;
      if (answers === "never") return await new Promise<Response>(() => {});
      const status = typeof answers === "number" ? answers : answers(JSON.parse(body));
      return new Response(null, { status });
    },
  });
  onTestEnd(() => server.stop(true));
  hook.url = `${server.url.origin}/hook`;
  return hook;
}
