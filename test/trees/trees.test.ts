import { expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { probeCgroup } from "../../core/process/cgroup-probe.ts";
import { keepersOf } from "../support/keepers.ts";
import { events, testRepository, until } from "../support/repository.ts";
import { type Ending, playTrees, untilGone } from "./campaign.ts";
import { holding, newToken } from "./hostile.ts";

const modes = probeCgroup().usable ? (["cgroup", "shim"] as const) : (["shim"] as const);
const endings: readonly Ending[] = ["exit", "kill -9", "kill -9 in verify"];

for (const mode of modes) {
  for (const ending of endings) {
    test(`10 hostile trees leave nothing (${mode}, ${ending})`, async () => {
      const { trees, seen, survivors } = await playTrees(mode, ending, 10);

      expect(trees).toBe(10);
      expect(seen).toBeGreaterThanOrEqual(10);
      expect(survivors).toBe(0);
    });
  }

  test(`a warden that is killed is followed by another one (${mode})`, async () => {
    const repository = testRepository();
    repository.env.RA_CUSTODY = mode;
    const token = newToken();
    const run = `setsid env -i /bin/sleep ${token} & ${repository.hold("on")}`;
    const ra = await repository.start("dispatch", repository.plan([{ id: "a", run }]));
    await repository.arrival("on");
    const [first = 0] = keepersOf(ra.pid, "__warden");

    process.kill(first, "SIGKILL");
    const isFollowed = (): boolean => keepersOf(ra.pid, "__warden").some((pid) => pid !== first);
    await until(isFollowed, "another warden");
    ra.signal("SIGKILL");
    await ra.ended;
    await untilGone(token);

    expect(first).toBeGreaterThan(0);
    expect(holding(token)).toEqual([]);
  });

  test(`a git that hangs ends with the ra that was killed (${mode})`, async () => {
    const repository = testRepository();
    const token = newToken();
    const hung = `${repository.top}/hung`;
    const git = `${repository.top}/bin/git`;
    const script = `#!/bin/sh
case "$*" in *update-ref*) : > ${hung}; (setsid sleep ${token} >/dev/null 2>&1 &); exec sleep ${token};; esac
exec ${Bun.which("git")} "$@"\n`;
    mkdirSync(dirname(git));
    writeFileSync(git, script, { mode: 0o755 });
    const path = `${repository.top}/bin:${repository.env.PATH}`;
    Object.assign(repository.env, { RA_CUSTODY: mode, PATH: path });
    const ra = await repository.start("dispatch", repository.plan([{ id: "a", run: "echo > a" }]));
    await until(() => existsSync(hung) && holding(token).length > 1, "the git that hangs");

    ra.signal("SIGKILL");
    await ra.ended;
    await untilGone(token);

    expect(holding(token)).toEqual([]);
  });

  test(`an attempt whose child holds its output ends soon after it (${mode})`, async () => {
    const repository = testRepository();
    repository.env.RA_CUSTODY = mode;
    const token = newToken();
    const run = `(trap '' TERM; exec sleep ${token}) & echo > a; date +%s%3N > ${repository.top}/exit`;

    const result = await repository.ra("dispatch", repository.plan([{ id: "a", run }]), "--json");

    const ended = events(result).find(({ type }) => type === "attempt.finished");
    const exit = Number(await Bun.file(`${repository.top}/exit`).text());
    expect(holding(token)).toEqual([]);
    // The promise is 2 s; a machine that does other things at the same time may take longer.
    expect(Date.parse(ended?.at ?? "") - exit).toBeLessThan(10_000);
  });
}
