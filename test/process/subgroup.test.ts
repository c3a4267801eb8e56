import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { probeCgroup } from "../../core/process/cgroup-probe.ts";
import { custody, leaveCustody, takeCustody } from "../../core/process/custody.ts";
import { Subgroup } from "../../core/process/subgroup.ts";
import { isAlive, processIdentity } from "../../core/process/table.ts";
import { onTestEnd } from "../support/leftovers.ts";
import { root } from "../support/program.ts";
import { until } from "../support/repository.ts";

afterEach(leaveCustody);

function group(): string {
  const taken = takeCustody([process.execPath, join(root, "cli/main.ts")], "cgroup");
  return taken.cgroup as string;
}

function sleeper({ directory }: Subgroup) {
  const child = Bun.spawn(["sleep", "326"], { cgroup: directory });
  onTestEnd(() => child.kill("SIGKILL"));
  return { child, identity: processIdentity(child.pid) };
}

describe.skipIf(!probeCgroup().usable)("the group of a program", () => {
  test("is used again once nothing is in it", async () => {
    const own = group();
    const [one, other] = [Subgroup.take(own), Subgroup.take(own)];
    const { child } = sleeper(one);
    child.kill("SIGKILL");
    await until(() => readFileSync(join(one.directory, "cgroup.procs"), "utf8") === "", "its end");

    const left = await one.end(0);

    expect(left).toEqual([]);
    expect(Subgroup.take(own).directory).toBe(one.directory);
    expect(other.directory).not.toBe(one.directory);
  });

  test("is ended with what is in it, and is not used again", async () => {
    const own = group();
    const one = Subgroup.take(own);
    const { child, identity } = sleeper(one);

    const left = await Promise.all([one.end(0), one.end(0)]);

    await child.exited;
    expect(left.flat()).toEqual([]);
    expect(isAlive(identity)).toBe(false);
    expect(Subgroup.take(own).directory).not.toBe(one.directory);
  });

  test("does not end what came into it after its own program", async () => {
    const own = group();
    const one = Subgroup.take(own);
    await one.end(0);
    const next = Subgroup.take(own);
    const { child, identity } = sleeper(next);

    await one.end(0);

    const lives = isAlive(identity);
    await next.end(0);
    await child.exited;
    expect(lives).toBe(true);
  });

  test("is another one where the last was told to stand still, or was removed", async () => {
    const own = group();
    const [still, gone] = [Subgroup.take(own), Subgroup.take(own)];
    await Promise.all([still.end(0), gone.end(0)]);
    writeFileSync(join(still.directory, "cgroup.freeze"), "1");
    const isFrozen = () =>
      /frozen 1/.test(readFileSync(join(still.directory, "cgroup.events"), "utf8"));
    await until(isFrozen, "the freeze");
    rmdirSync(gone.directory);

    const next = [Subgroup.take(own), Subgroup.take(own)].map(({ directory }) => directory);

    expect(next).not.toContain(still.directory);
    expect(next).not.toContain(gone.directory);
  });

  test("leaves nothing behind when custody is left", async () => {
    const own = group();
    await Subgroup.take(own).end(0);

    leaveCustody();

    expect(custody()).toBeNull();
    expect(() => readFileSync(join(own, "cgroup.procs"))).toThrow();
  });
});
