import { describe, expect, test } from "bun:test";
import { ChainRepository, type Check, chainOn } from "./chain-repository.ts";

/** A check that fails on every tree that holds one of these files, and counts how often it is asked. */
function failingOn(repository: ChainRepository, culprits: readonly string[]) {
  const counted = { runs: 0 };
  const check: Check = async (_, commit) => {
    counted.runs += 1;
    const found = Object.keys(repository.files(commit)).filter((path) => culprits.includes(path));
    return found.length > 0 ? `broken by ${found.join(", ")}` : null;
  };
  return { check, counted };
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `f${String(i).padStart(3, "0")}`);
}

/** Lands results that wait at the same moment, each with a file of its own and the same check. */
async function landTogether(count: number, culprits: readonly string[]) {
  const repository = new ChainRepository({});
  const { check, counted } = failingOn(repository, culprits);
  const chain = chainOn(repository, { check });
  const results = names(count).map((id) => repository.result(id, { [id]: id }, { verify: "test" }));
  const landings = await Promise.all(results.map((result) => chain.add(result)));
  const refused = names(count).filter((_, i) => landings[i]!.kind === "unverified");
  return { repository, chain, landings, refused, runs: counted.runs };
}

describe("results that wait together", () => {
  test("are checked once when they pass together", async () => {
    const { landings, runs, repository, chain } = await landTogether(16, []);

    expect(runs).toBe(1);
    expect(landings.map(({ kind }) => kind)).toEqual(Array(16).fill("merged"));
    expect(landings[3]).toMatchObject({ verified: { checks: 1, together: 16, notes: [] } });
    expect(Object.keys(repository.files(chain.tip))).toEqual(names(16));
  });

  test("land without the one that fails, which a search by halves finds", async () => {
    for (const culprit of ["f000", "f031", "f063"]) {
      const { refused, runs, repository, chain } = await landTogether(64, [culprit]);

      const rest = names(64).filter((name) => name !== culprit);
      expect(refused).toEqual([culprit]);
      expect(Object.keys(repository.files(chain.tip))).toEqual(rest);
      // All together, six halves, and those above the culprit, if any.
      expect(runs).toBeLessThanOrEqual(8);
    }
  });

  test("cost about k log n checks for k culprits, never one for each result", async () => {
    const culprits = ["f010", "f077", "f200"];

    const { refused, runs } = await landTogether(256, culprits);

    expect(refused).toEqual(culprits);
    expect(runs).toBeLessThanOrEqual(3 * (Math.log2(256) + 1) + 1);
  });

  test("say why each culprit failed, in its own words", async () => {
    const { landings } = await landTogether(8, ["f002", "f005"]);

    expect(landings[2]).toEqual({ kind: "unverified", message: "broken by f002" });
    expect(landings[5]).toEqual({ kind: "unverified", message: "broken by f005" });
  });

  test("conflict with a culprit for nothing: it is gone before they are judged", async () => {
    const repository = new ChainRepository({ x: "0" });
    const { check } = failingOn(repository, ["bad"]);
    const chain = chainOn(repository, { check });
    const bad = repository.result("a", { x: "a", bad: "b" }, { verify: "test" });
    const good = repository.result("b", { x: "b" }, { verify: "test" });

    const landings = await Promise.all([chain.add(bad), chain.add(good)]);

    expect(landings.map(({ kind }) => kind)).toEqual(["unverified", "merged"]);
    expect(repository.files(chain.tip)).toEqual({ x: "b" });
  });

  test("conflict with what lands beside them, by name", async () => {
    const repository = new ChainRepository({ x: "0" });
    const chain = chainOn(repository);
    const results = ["a", "b"].map((id) => repository.result(id, { x: id }));

    const landings = await Promise.all(results.map((result) => chain.add(result)));

    expect(landings[1]).toEqual({ kind: "conflicted", paths: ["x"], with: ["a"] });
  });

  test("that come while others are checked wait for the next check", async () => {
    const repository = new ChainRepository({});
    const gate = Promise.withResolvers<void>();
    const seen: string[] = [];
    const check: Check = async (_, commit) => {
      seen.push(Object.keys(repository.files(commit)).join());
      if (seen.length === 1) await gate.promise;
      return null;
    };
    const chain = chainOn(repository, { check });
    const result = (id: string) => repository.result(id, { [id]: id }, { verify: "test" });
    const first = chain.add(result("a"));
    while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));

    const later = [chain.add(result("b")), chain.add(result("c"))];
    gate.resolve();
    await Promise.all([first, ...later]);

    expect(seen).toEqual(["a", "a,b,c"]);
  });

  test("fail one by one when a merge breaks, and the others land", async () => {
    const repository = new ChainRepository({});
    const chain = chainOn(repository);
    const broken = { ...repository.result("a", { a: "a" }), commit: "gone" };

    const landings = await Promise.allSettled([
      chain.add(broken),
      chain.add(repository.result("b", { b: "b" })),
    ]);

    expect(landings.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(repository.files(chain.tip)).toEqual({ b: "b" });
  });

  test("are merged again when the target moved while they were checked", async () => {
    const repository = new ChainRepository({});
    let moves = 0;
    const check: Check = async () => {
      if (moves++ === 0) {
        repository.push({ user: "u" });
        await chain.catchUp();
      }
      return null;
    };
    const chain = chainOn(repository, { check });

    const landing = await chain.add(repository.result("a", { a: "a" }, { verify: "test" }));

    expect(landing.kind).toBe("merged");
    expect(repository.files(chain.tip)).toEqual({ a: "a", user: "u" });
    expect(moves).toBe(2);
  });
});
