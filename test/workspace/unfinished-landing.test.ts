import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commitFiles, type Fixture, makeRepository, write } from "./fixture.ts";

/** No process has this pid: it is above the kernel's limit. */
const deadPid = 2 ** 22 + 1;
const before = { "a.txt": "a\n", "b.txt": "b\n", "gone.txt": "old\n" };
const after = { "a.txt": "a\nmore\n", "b.txt": "B\n", "new.txt": "new\n" };

/** A checkout of `main` whose next commit exists, and the lock of an `ra` that died while it moved there. */
function halfLanded(): Fixture & { readonly from: string; readonly to: string } {
  const fixture = makeRepository({ ...before, "mine.txt": "mine\n" });
  const from = fixture.head();
  rmSync(join(fixture.dir, "gone.txt"));
  const to = commitFiles(fixture, after, "next");
  fixture.git("update-ref", "refs/ra/r1/_tip", to);
  fixture.git("reset", "-q", "--hard", from);
  writeFileSync(join(fixture.dir, ".git/index.lock"), `ra ${deadPid} 1 ${from} ${to} main\n`);
  return { ...fixture, from, to };
}

function status({ git }: Fixture): string {
  return git("status", "--porcelain");
}

describe("a landing whose ra died", () => {
  test("before the index moved has its files taken back, the beginning of one included", async () => {
    const landing = halfLanded();
    write(landing.dir, {
      "a.txt": "a\nmore\n",
      "b.txt": "",
      "new.txt": "ne",
      "mine.txt": "edited\n",
    });
    rmSync(join(landing.dir, "gone.txt"));

    const told = await (await landing.open()).mend();

    expect(told).toEqual([expect.stringContaining("was half done")]);
    expect(existsSync(join(landing.dir, ".git/index.lock"))).toBe(false);
    expect(status(landing)).toBe("M mine.txt");
    expect(readFileSync(join(landing.dir, "mine.txt"), "utf8")).toBe("edited\n");
  });

  test("between the index and the branch has both taken back", async () => {
    const landing = halfLanded();
    rmSync(join(landing.dir, ".git/index.lock"));
    landing.git("read-tree", "-m", "-u", landing.from, landing.to);
    const lock = `ra ${deadPid} 1 ${landing.from} ${landing.to} main\n`;
    writeFileSync(join(landing.dir, ".git/index.lock"), lock);

    await (await landing.open()).mend();

    expect(status(landing)).toBe("");
    expect(landing.head()).toBe(landing.from);
    expect(readFileSync(join(landing.dir, "gone.txt"), "utf8")).toBe("old\n");
  });

  test("after the branch moved loses its lock alone", async () => {
    const landing = halfLanded();
    rmSync(join(landing.dir, ".git/index.lock"));
    landing.git("reset", "-q", "--hard", landing.to);
    const lock = `ra ${deadPid} 1 ${landing.from} ${landing.to} main\n`;
    writeFileSync(join(landing.dir, ".git/index.lock"), lock);

    const told = await (await landing.open()).mend();

    expect(told).toEqual([expect.stringContaining("done but for its lock")]);
    expect([status(landing), landing.head()]).toEqual(["", landing.to]);
  });

  test("keeps its lock while anything of it is left, for whoever comes after another death", async () => {
    const landing = halfLanded();
    const repository = await landing.open();
    const indexes = join(landing.dir, ".git/ra/control.git/indexes");
    const [copy, stuck] = ["land.1", "land.2"].map((name) => join(indexes, name)) as [
      string,
      string,
    ];
    mkdirSync(stuck, { recursive: true });
    writeFileSync(copy, "");

    const broken = await repository.mend().catch((error: Error) => error.message);
    const isLocked = existsSync(join(landing.dir, ".git/index.lock"));
    rmdirSync(stuck);
    await repository.mend();

    expect([String(broken).includes("land.2"), isLocked]).toEqual([true, true]);
    const left = [copy, join(landing.dir, ".git/index.lock")];
    expect(left.filter((path) => existsSync(path))).toEqual([]);
  });

  test("leaves alone what the user wrote at one of its paths since", async () => {
    const landing = halfLanded();
    write(landing.dir, { "a.txt": "of the user\n", "b.txt": "B\n" });

    await (await landing.open()).mend();

    expect(status(landing)).toBe("M a.txt");
    expect(readFileSync(join(landing.dir, "a.txt"), "utf8")).toBe("of the user\n");
  });

  test("is made good by the next landing, too", async () => {
    const landing = halfLanded();
    write(landing.dir, { "a.txt": "a\nmore\n" });
    const { from, to } = landing;

    const done = await (await landing.open()).publish({ target: "main", from, to });

    expect(done).toEqual({ kind: "landed" });
    expect([status(landing), landing.head()]).toEqual(["", to]);
  });

  test("is left to its ra while that lives, and a lock of git stays", async () => {
    const landing = halfLanded();
    const lock = join(landing.dir, ".git/index.lock");
    const texts = [`ra ${process.pid} - ${landing.from} ${landing.to} main\n`, "DIRC"];

    for (const text of texts) {
      writeFileSync(lock, text);
      const told = await (await landing.open()).mend();

      expect([told, readFileSync(lock, "utf8")]).toEqual([[], text]);
    }
  });
});
