import { describe, expect, test } from "bun:test";
import { type Fixture, makeRepository, openWorkspace } from "./fixture.ts";
import { Agent, habits } from "./habits.ts";

/** Habits, from the first on, that are tried with every seed: they alone make 110 runs. */
const commonHabits = 10;
const allSeeds = Array.from({ length: 11 }, (_, i) => 9_000 + i * 7);
const timeoutMs = 60_000;

/** Ids of all that the user's repository keeps for `ra`, as plain git sees it. */
function keptIds(fixture: Fixture): ReadonlySet<string> {
  const refs = fixture.git("for-each-ref", "--format=%(objectname)", "refs/ra").split("\n");
  const listed = fixture.git("rev-list", "--objects", "--no-object-names", ...refs.filter(Boolean));
  return new Set(listed.split("\n"));
}

describe("what stands only in an agent's git is kept", () => {
  test("in repositories with other hashes and with a cut history", async () => {
    const source = makeRepository({ "a.txt": "1\n", "b.txt": "b\n" });
    source.git("commit", "-q", "--allow-empty", "-m", "second");
    const shallow = makeRepository({});
    shallow.git("fetch", "-q", "--depth=1", `file://${source.dir}`, "main");
    shallow.git("reset", "-q", "--hard", "FETCH_HEAD");
    const sha256 = makeRepository({ "a.txt": "1\n" }, ["--object-format=sha256"]);

    for (const fixture of [shallow, sha256]) {
      const repository = await fixture.open();
      const workspace = await openWorkspace(repository, fixture);
      new Agent(workspace.path, fixture.env, 1).stashOne("stashed\n");
      const snapshot = await workspace.snapshot("work");
      await workspace.close();

      expect(snapshot!.notes.join()).toContain("1 stash");
      expect(fixture.git("show", "refs/ra/r7k2/api/1.git^1:a.txt")).toBe("stashed");
    }
  });
});

describe("nothing is lost of an agent that", () => {
  for (const [place, [habit, act]] of Object.entries(habits).entries()) {
    const seeds = place < commonHabits ? allSeeds : allSeeds.slice(0, 4);
    test(
      `${habit} (seeds ${seeds[0]} to ${seeds.at(-1)})`,
      async () => {
        const fixture = makeRepository({ "a.txt": "a\n", "b.txt": "b\n" });
        const repository = await fixture.open();
        const agents: Agent[] = [];

        for (const seed of seeds) {
          const workspace = await openWorkspace(repository, fixture, { task: `s${seed}` });
          const agent = new Agent(workspace.path, fixture.env, seed);
          act(agent);
          await workspace.snapshot("work");
          await workspace.close();
          agents.push(agent);
        }
        await repository.tidy("r7k2");

        const kept = keptIds(fixture);
        const lost = agents.flatMap((agent) => agent.ids.filter((id) => !kept.has(id)));
        expect(lost).toEqual([]);
        expect(agents.every((agent) => agent.ids.length > 0)).toBe(true);
        expect(fixture.git("fsck", "--strict", "--no-dangling")).toBe("");
      },
      timeoutMs,
    );
  }
});
