import { describe, expect, test } from "bun:test";
import { ChainRepository, type Check, chainOn } from "./chain-repository.ts";

describe("catching up", () => {
  test("gives the next attempt what the user committed meanwhile", async () => {
    const repository = new ChainRepository({});
    const chain = chainOn(repository);
    await chain.add(repository.result("a", { a: "a" }));
    repository.push({ user: "u" });

    await chain.catchUp();

    expect(repository.files(chain.tip)).toEqual({ a: "a", user: "u" });
  });

  test("leaves the chain where it is when the target moved into its way", async () => {
    const repository = new ChainRepository({ x: "0" });
    const chain = chainOn(repository);
    await chain.add(repository.result("a", { x: "a" }));
    repository.push({ x: "user" });
    const before = chain.tip;

    await chain.catchUp();

    expect(chain.tip).toBe(before);
  });

  test("has the landed work checked again before it reaches the target", async () => {
    const repository = new ChainRepository({});
    let checks = 0;
    const check: Check = async () => {
      checks += 1;
      return null;
    };
    const chain = chainOn(repository, { check });
    await chain.add(repository.result("a", { a: "a" }, { verify: "check" }));
    repository.push({ user: "u" });
    await chain.catchUp();

    await chain.publish(false);

    expect(checks).toBe(2);
  });

  test("keeps what one task changed in what another left, whatever the plan's order", async () => {
    const repository = new ChainRepository({ x: "old" });
    const chain = chainOn(repository);
    await chain.add(repository.result("b", { x: "new" }));
    await chain.add(repository.result("a", { x: "old" }, { base: chain.tip }));
    repository.push({ user: "u" });

    await chain.publish(false);

    expect(repository.files(repository.tip())).toEqual({ x: "old", user: "u" });
  });

  test("keeps to a base that is not the target's tip until the end", async () => {
    const repository = new ChainRepository({ old: "o" });
    const base = repository.tip();
    repository.push({ user: "u" });
    const chain = chainOn(repository, { base });

    await chain.catchUp();
    const start = chain.tip;
    await chain.add(repository.result("a", { a: "a" }, { base: start }));
    await chain.publish(false);

    expect(start).toBe(base);
    expect(repository.files(repository.tip())).toEqual({ a: "a", old: "o", user: "u" });
  });
});

describe("taking over what landed before", () => {
  test("puts it on the tip and checks it before it reaches the target", async () => {
    const repository = new ChainRepository({});
    const result = repository.result("a", { a: "a" }, { verify: "check" });
    repository.push({ user: "u" });
    const checked: string[] = [];
    const check: Check = async (_, commit) => {
      checked.push(commit);
      return null;
    };
    const chain = chainOn(repository, { check });

    const conflicting = await chain.restore([result]);
    const checksBefore = checked.length;
    await chain.publish(false);

    expect([conflicting, checksBefore]).toEqual([null, 0]);
    expect(checked).toEqual([repository.tip()]);
    expect(repository.files(repository.tip())).toEqual({ a: "a", user: "u" });
  });

  test("makes no commit for what has reached the target", async () => {
    const repository = new ChainRepository({});
    const result = repository.result("a", { a: "a" });
    repository.push({ a: "a" });
    const chain = chainOn(repository);

    const conflicting = await chain.restore([result]);

    expect(conflicting).toBeNull();
    expect([chain.unpublished, await chain.publish(false)]).toEqual([false, null]);
  });

  test("says when it no longer merges, and leaves the chain as it was", async () => {
    const repository = new ChainRepository({ x: "0" });
    const result = repository.result("a", { x: "a" });
    repository.push({ x: "user" });
    const chain = chainOn(repository);
    const before = chain.tip;

    const conflicting = await chain.restore([result]);

    expect(conflicting).toBe(result);
    expect([chain.tip, chain.unpublished]).toEqual([before, false]);
  });
});
