import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ownGroup, probeCgroup } from "../../core/process/cgroup-probe.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

const unified = "30 25 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n";

test("the own cgroup is found by mount and path", () => {
  const hybrid = "31 25 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
  const at = (own: string, mounts: string): string | null => ownGroup({ own, mounts });

  expect(at("0::/user.slice/s.scope\n", unified)).toBe("/sys/fs/cgroup/user.slice/s.scope");
  expect(at("0::/\n", unified)).toBe("/sys/fs/cgroup");
  expect(at("4:cpu:/a\n0::/b\n", hybrid + unified)).toBe("/sys/fs/cgroup/b");
  expect(at("0::/pod/a/b\n", unified.replace(" / /sys", " /pod/a /sys"))).toBe("/sys/fs/cgroup/b");
  expect(at("0::/a\n", unified.replace("/sys/fs", "/my\\040fs"))).toBe("/my fs/cgroup/a");
  expect(at("4:cpu:/a\n", hybrid)).toBeNull();
});

test("a directory that is no cgroup cannot be used, and nothing is left in it", () => {
  const top = temporaryDirectory();
  const mounts = unified.replace("/sys/fs/cgroup", top);

  const plain = probeCgroup({ own: "0::/\n", mounts });
  const missing = probeCgroup({ own: "0::/none\n", mounts });

  expect(plain).toEqual({ usable: false, reason: expect.stringContaining("cannot be used") });
  expect(missing).toEqual({ usable: false, reason: expect.stringContaining("ENOENT") });
  expect(readdirSync(top)).toEqual([]);
});

test("the probe of this machine leaves no cgroup behind", () => {
  const probe = probeCgroup();

  const names = probe.usable ? readdirSync(probe.directory) : [];
  expect(names.filter((name) => name.startsWith(`ra-probe-${process.pid}-`))).toEqual([]);
  if (probe.usable) expect(existsSync(join(probe.directory, "cgroup.procs"))).toBe(true);
});
