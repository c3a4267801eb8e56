import { describe, expect, test } from "bun:test";
import { ChainRepository, type Check, chainOn } from "./chain-repository.ts";

const subject = (id: string): string => `dispatch: task ${id} — task ${id}`;

describe("landing a result", () => {
  test("grows the chain without moving the target, and pins its tip", async () => {
    const repository = new ChainRepository({});
    const before = repository.tip();
    const chain = chainOn(repository);

    const landing = await chain.add(repository.result("a", { "a.txt": "a" }));

    expect(landing).toEqual({ kind: "merged", commit: chain.tip });
    expect(repository.tip()).toBe(before);
    expect(repository.refs.get("refs/ra/r1/_tip")).toBe(chain.tip);
    expect([chain.unpublished, chain.commitOf("a")]).toEqual([true, chain.tip]);
  });

  test("makes no commit for what is there already", async () => {
    const repository = new ChainRepository({});
    const one = repository.result("a", { "x.txt": "same" });
    const other = repository.result("b", { "x.txt": "same" });
    const chain = chainOn(repository);
    await chain.add(one);

    const landing = await chain.add(other);

    expect(landing).toEqual({ kind: "nothing" });
    expect(chain.commitOf("b")).toBeNull();
  });

  test("names the paths of a conflict and the tasks that changed them", async () => {
    const repository = new ChainRepository({ "x.txt": "0", "y.txt": "0" });
    const results = [
      repository.result("a", { "x.txt": "a" }),
      repository.result("b", { "y.txt": "b" }),
    ];
    const late = repository.result("c", { "x.txt": "c", "z.txt": "c" });
    const chain = chainOn(repository);
    for (const result of results) await chain.add(result);
    const tip = chain.tip;

    const landing = await chain.add(late);

    expect(landing).toEqual({ kind: "conflicted", paths: ["x.txt"], with: ["a"] });
    expect(chain.tip).toBe(tip);
  });

  test("checks the merged tree and leaves out what fails there", async () => {
    const repository = new ChainRepository({});
    const results = [
      repository.result("a", { "a.txt": "a" }),
      repository.result("b", { "b.txt": "b" }, { verify: "check" }),
    ];
    const seen: (readonly string[])[] = [];
    const check: Check = async (_, commit) => {
      seen.push(Object.keys(repository.files(commit)));
      return "`check` exited 1";
    };
    const chain = chainOn(repository, { check });

    const landings = [];
    for (const result of results) landings.push(await chain.add(result));

    expect(landings[1]).toEqual({ kind: "unverified", message: "`check` exited 1" });
    expect(seen).toEqual([["a.txt", "b.txt"]]);
    expect(Object.keys(repository.files(chain.tip))).toEqual(["a.txt"]);
  });

  test("merges one at a time, whoever comes meanwhile", async () => {
    const repository = new ChainRepository({});
    const results = ["a", "b", "c"].map((id) => repository.result(id, { [`${id}.txt`]: id }));
    const chain = chainOn(repository);

    await Promise.all(results.map((result) => chain.add(result)));
    await chain.publish(false);

    expect(Object.keys(repository.files(repository.tip()))).toEqual(["a.txt", "b.txt", "c.txt"]);
  });
});

describe("publishing", () => {
  test("puts the commits into the plan's order", async () => {
    const repository = new ChainRepository({});
    const from = repository.tip();
    const chain = chainOn(repository);
    for (const id of ["c", "a", "b"]) {
      await chain.add(repository.result(id, { [`${id}.txt`]: id }, { base: from }));
    }

    const published = await chain.publish(false);

    expect(repository.subjects()).toEqual(["a", "b", "c"].map(subject));
    expect(published).toEqual({
      target: "main",
      from,
      to: repository.tip(),
      keptOn: null,
      reason: null,
    });
    expect([chain.unpublished, chain.commitOf("c")]).toEqual([false, repository.tip()]);
  });

  test("keeps the order of landing where the plan's order would leave a task without a commit", async () => {
    const repository = new ChainRepository({});
    const chain = chainOn(repository);
    const base = repository.tip();
    await chain.add(repository.result("b", { shared: "s" }, { base }));
    await chain.add(repository.result("a", { shared: "s", more: "m" }, { base }));

    await chain.publish(false);

    expect(repository.subjects()).toEqual(["b", "a"].map(subject));
    expect(chain.commitOf("b")).not.toBeNull();
  });

  test("follows a target that moved in the order of landing where a task builds on a later one", async () => {
    const repository = new ChainRepository({ "x.txt": "0" });
    const chain = chainOn(repository);
    await chain.add(repository.result("b", { "x.txt": "b" }));
    await chain.add(repository.result("a", { "x.txt": "ba" }, { base: chain.tip }));
    repository.push({ user: "u" });

    const published = await chain.publish(false);

    expect(published?.keptOn).toBeNull();
    expect(repository.subjects()).toEqual(["of the user", subject("b"), subject("a")]);
  });

  test("keeps the work on a branch of another name where the user has one of its own", async () => {
    const repository = new ChainRepository({});
    const mine = repository.make({ mine: "m" }, null, "of the user");
    repository.refs.set("refs/heads/ra/r1", mine);
    const chain = chainOn(repository);
    await chain.add(repository.result("a", { a: "a" }));
    repository.beforePublish = () => ({ kind: "refused", reason: "busy" });

    const first = await chain.publish(false);
    await chain.add(repository.result("b", { b: "b" }));
    const second = await chain.publish(false);

    expect([first?.keptOn, second?.keptOn]).toEqual(["ra/r1-2", "ra/r1-2"]);
    expect(repository.refs.get("refs/heads/ra/r1")).toBe(mine);
    expect(repository.refs.get("refs/heads/ra/r1-2")).toBe(chain.tip);
  });

  test("keeps the work when git cannot merge it on the new tip", async () => {
    const repository = new ChainRepository({});
    const chain = chainOn(repository);
    await chain.add(repository.result("a", { a: "a" }));
    const kept = chain.tip;
    repository.push({ user: "u" });
    repository.beforeMerge = () => {
      throw new Error("git died");
    };

    const published = await chain.publish(false);

    expect(published?.reason).toBe("`main` moved, and a cannot be merged with it: git died");
    expect(repository.refs.get("refs/heads/ra/r1")).toBe(kept);
  });

  test("keeps the work when the branch is gone at the last moment", async () => {
    const repository = new ChainRepository({});
    const chain = chainOn(repository);
    await chain.add(repository.result("a", { a: "a" }));
    repository.beforePublish = () => ({ kind: "gone" });

    const published = await chain.publish(false);

    expect(published).toMatchObject({ keptOn: "ra/r1", reason: "branch `main` no longer exists" });
  });

  test("keeps the order of landing where the plan's order would give another tree", async () => {
    const repository = new ChainRepository({ "x.txt": "0" });
    const chain = chainOn(repository);
    await chain.add(repository.result("b", { "x.txt": "b" }));
    await chain.add(repository.result("a", { "x.txt": "ba" }, { base: chain.tip }));

    await chain.publish(false);

    expect(repository.subjects()).toEqual(["b", "a"].map(subject));
    expect(repository.files(repository.tip())).toEqual({ "x.txt": "ba" });
  });

  test("has nothing to do when nothing landed", async () => {
    const repository = new ChainRepository({});

    expect(await chainOn(repository).publish(false)).toBeNull();
  });

  test("checks each command again, once, on the new tip of a target that moved", async () => {
    const repository = new ChainRepository({});
    const commands: string[] = [];
    const check: Check = async (command, commit) => {
      commands.push(`${command} ${Object.keys(repository.files(commit)).sort()}`);
      return null;
    };
    const chain = chainOn(repository, { check });
    for (const id of ["a", "b"]) {
      await chain.add(repository.result(id, { [id]: id }, { verify: "check" }));
    }
    commands.length = 0;
    repository.push({ user: "u" });

    const published = await chain.publish(false);

    expect(commands).toEqual(["check a,b,user"]);
    expect(repository.subjects()).toEqual(["of the user", subject("a"), subject("b")]);
    expect(published?.keptOn).toBeNull();
  });

  test("keeps the work on a branch when the target moved into its way", async () => {
    const repository = new ChainRepository({ "x.txt": "0" });
    const chain = chainOn(repository);
    await chain.add(repository.result("a", { "x.txt": "a" }));
    const kept = chain.tip;
    const moved = repository.push({ "x.txt": "user" });

    const published = await chain.publish(false);

    expect(published).toMatchObject({
      keptOn: "ra/r1",
      reason: "`main` moved, and a conflicts with it in x.txt",
    });
    expect(repository.tip()).toBe(moved);
    expect(repository.refs.get("refs/heads/ra/r1")).toBe(kept);
  });

  test("keeps the work when a check fails on the new tip", async () => {
    const repository = new ChainRepository({});
    const check: Check = async (_, commit) =>
      "user" in repository.files(commit) ? "`check` exited 1" : null;
    const chain = chainOn(repository, { check });
    await chain.add(repository.result("a", { a: "a" }, { verify: "check" }));
    const moved = repository.push({ user: "u" });

    const published = await chain.publish(false);

    expect(published?.reason).toContain("`check` exited 1");
    expect([repository.tip(), published?.keptOn]).toEqual([moved, "ra/r1"]);
  });

  test("follows a target that moves at the last moment, and gives up on one that never rests", async () => {
    const repository = new ChainRepository({});
    const chain = chainOn(repository);
    await chain.add(repository.result("a", { a: "a" }));
    let moves = 0;
    const restless = (limit: number) => () => {
      if (moves < limit) repository.push({ [`user${moves++}`]: "u" });
      return null;
    };

    repository.beforePublish = restless(2);
    const landed = await chain.publish(false);
    await chain.add(repository.result("b", { b: "b" }));
    repository.beforePublish = restless(99);
    const kept = await chain.publish(false);

    expect([landed?.keptOn, kept?.keptOn]).toEqual([null, "ra/r1"]);
    expect(kept?.reason).toBe("`main` moved 5 times meanwhile");
  });

  test("keeps what a checkout refuses, and lands it at the next try", async () => {
    const repository = new ChainRepository({});
    const chain = chainOn(repository);
    await chain.add(repository.result("a", { a: "a" }));

    repository.beforePublish = () => ({ kind: "refused", reason: "the checkout is dirty" });
    const refused = await chain.publish(false);
    repository.beforePublish = null;
    const landed = await chain.publish(false);

    expect(refused).toMatchObject({ keptOn: "ra/r1", reason: "the checkout is dirty" });
    expect(landed?.keptOn).toBeNull();
    expect(repository.subjects()).toEqual([subject("a")]);
  });

  test("tells the whole way from the first move on, however often it moved", async () => {
    const repository = new ChainRepository({});
    const start = repository.tip();
    const chain = chainOn(repository);
    await chain.add(repository.result("a", { a: "a" }));
    await chain.publish(true);
    await chain.add(repository.result("b", { b: "b" }));

    const published = await chain.publish(false);

    expect(published).toMatchObject({ from: start, to: repository.tip() });
  });
});
