import { inTests, type Mutant } from "./mutant.ts";

/** Bugs of what the gateway does by itself: schedules, the queue, webhooks, files that are watched. */
export const gatewayMutants: readonly Mutant[] = [
  inTests(
    "a slot whose time of day comes twice when the clocks go back runs twice",
    "core/queue/timetable.ts",
    "    return this.#cron.previousRuns(1, new Date(upTo + 1))[0]?.getTime() ?? null;",
    "    const minute = upTo - (upTo % 60_000);\n    if (this.#cron.match(new Date(minute))) return minute;\n    return this.#cron.previousRuns(1, new Date(upTo + 1))[0]?.getTime() ?? null;",
    "test/queue/timetable.test.ts",
    "test/serve/cron.test.ts",
  ),
  inTests(
    "slots that were missed are caught up on one by one",
    "cli/serve/cron.ts",
    "    const newest = timetable.newest(now);\n",
    "    const next = timetable.next(through);\n    const newest = next !== null && next <= now ? next : null;\n",
    "test/serve/cron.test.ts",
  ),
  inTests(
    "a daemon that dies between the request of a slot and the note of it asks twice",
    "cli/serve/cron.ts",
    "operations.dispatch(ask, { source, sender: name }, key);",
    "operations.dispatch(ask, { source, sender: name }, null);",
    "test/serve/cron.test.ts",
  ),
  inTests(
    "a slot that has its request is told as missed by a daemon that comes late",
    "cli/serve/cron.ts",
    "    const isKnown = this.#requests.withKey(source, key) !== null;\n",
    "    const isKnown = false;\n",
    "test/serve/cron.test.ts",
  ),
  inTests(
    "a webhook signs other bytes than it sends",
    "plugins/channel-webhook.ts",
    "headers, body, signal }",
    "headers, body: JSON.stringify(event), signal }",
    "test/plugins/channel-webhook.test.ts",
  ),
  inTests(
    "a channel passes an event before it is delivered",
    "cli/serve/channel-host.ts",
    "          await this.#bring(event);\n        done = event.seq;\n",
    "          void (done = event.seq), await this.#bring(event);\n        done = event.seq;\n",
    "test/serve/channel.test.ts",
  ),
  inTests(
    "an event is put aside and nobody is told which",
    "plugins/channel-webhook.ts",
    '    access.refused(event, status, "aside");\n',
    "",
    "test/plugins/channel-webhook.test.ts",
  ),
  inTests(
    "a watched file is told of an end while its run will go on",
    "cli/watch/watched-file.ts",
    'event.type === "run.finished" && event.status !== "interrupted";',
    'event.type === "run.finished";',
    "test/cli/watched-file.test.ts",
  ),
  inTests(
    "the end of a request is recorded before its file is told",
    "cli/watch/watched-file.ts",
    "      if (file !== null) tellEnd(file, settlement, undefined);\n      return store.settle(id, settlement);\n",
    "      const settled = store.settle(id, settlement);\n      if (file !== null) tellEnd(file, settlement, undefined);\n      return settled;\n",
    "test/cli/watched-file.test.ts",
  ),
  inTests(
    "a program that does not start keeps the place of its request",
    "core/queue/queue.ts",
    "      .catch(onTrouble)\n      .finally(() => {\n",
    "      .catch((error) => {\n        onTrouble(error);\n        return new Promise<void>(() => {});\n      })\n      .finally(() => {\n",
    "test/queue/queue.test.ts",
  ),
  inTests(
    "a registry that fails once keeps the places of what has ended since",
    "core/queue/queue.ts",
    "        this.#parts.onTrouble(error);\n        this.#lookLater();\n",
    "        this.#parts.onTrouble(error);\n",
    "test/queue/queue.test.ts",
  ),
];
