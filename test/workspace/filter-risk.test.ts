import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { filterRisk } from "../../core/workspace/filter-risk.ts";
import { commitFiles, makeRepository, request, resultOf, write } from "./fixture.ts";

const change = (path: string) => {
  const ids = { oldMode: "100644", newMode: "100644", oldId: "1", newId: "2" };
  return { path, status: "M", ...ids };
};

function riskOf(command: string, path: string): string | null {
  const config = new Map([["filter.fmt.smudge", [command]]]);
  return filterRisk(config, "/home/ada/project", [change("a.txt"), change(path)])?.path ?? null;
}

describe("a filter of the user's git", () => {
  const risks: readonly [string, string][] = [
    ["./tools/fmt %f", "tools/fmt"],
    ["tools/fmt", "tools/fmt"],
    ["python3 tools/fmt.py --in=%f", "tools/lib/inner.py"],
    ["sh -c './bin/x | cat'", "bin/x"],
    ["fmt.sh", "fmt.sh"],
    ["/home/ada/project/tools/fmt", "tools/fmt"],
  ];
  for (const [command, path] of risks) {
    test(`\`${command}\` may run a changed ${path}`, () => {
      expect(riskOf(command, path)).toBe(path);
    });
  }

  const apart: readonly [string, string][] = [
    ["git-lfs smudge -- %f", "docs/git-lfs.md"],
    ["/usr/bin/fmt", "usr/bin/fmt2"],
    ["./tools/fmt", "tools2/fmt"],
    ["fmt.sh", "other.sh"],
  ];
  for (const [command, path] of apart) {
    test(`\`${command}\` has nothing to do with ${path}`, () => {
      expect(riskOf(command, path)).toBeNull();
    });
  }

  test("does not run what a result changed before the user has seen it", async () => {
    const fixture = makeRepository();
    const mark = join(fixture.dir, "../mark");
    commitFiles(fixture, {
      ".gitattributes": "*.txt filter=fmt\n",
      "tools/fmt": "#!/bin/sh\ncat\n",
      "z.txt": "a\n",
    });
    for (const side of ["clean", "smudge"])
      fixture.git("config", `filter.fmt.${side}`, "sh tools/fmt");
    const repository = await fixture.open();
    const from = fixture.head();
    const result = await resultOf(repository, request(fixture), (dir) => {
      write(dir, { "tools/fmt": `#!/bin/sh\ntouch ${mark}\ncat\n`, "z.txt": "b\n" });
      chmodSync(join(dir, "tools/fmt"), 0o755);
    });

    const published = await repository.publish({ target: "main", from, to: result });

    expect(published).toMatchObject({ kind: "refused" });
    expect(existsSync(mark)).toBe(false);
    expect(readFileSync(join(fixture.dir, "z.txt"), "utf8")).toBe("a\n");
    fixture.git("merge", "--quiet", "--ff-only", result);
    expect(existsSync(mark)).toBe(true);
  });
});
