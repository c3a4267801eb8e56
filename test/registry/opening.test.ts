import { expect, test } from "bun:test";
import { onTestEnd } from "../support/leftovers.ts";
import type { OpenerOrder } from "./opener-worker.ts";
import { stateDirectory } from "./temporary.ts";

test("a new registry can be opened by many at the same moment", async () => {
  const order: OpenerOrder = {
    stateDir: stateDirectory(),
    rounds: 60,
    openers: 3,
    arrived: new SharedArrayBuffer(4),
  };

  const errors = await Promise.all(Array.from({ length: order.openers }, () => opener(order)));

  expect(errors.flat()).toEqual([]);
}, 30_000);

function opener(order: OpenerOrder): Promise<readonly string[]> {
  const worker = new Worker(new URL("./opener-worker.ts", import.meta.url).href);
  onTestEnd(() => worker.terminate());
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(order);
  });
}
