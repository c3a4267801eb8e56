import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { capture } from "../../core/process.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

const env = { PATH: process.env.PATH ?? "/usr/bin:/bin" };

test.each(["INT", "HUP", "KILL"])(
  "a program that SIG%s ends once it has begun is not started again: it may have done something",
  async (signal) => {
    const cwd = temporaryDirectory();

    const done = await capture(["sh", "-c", `echo begun >> starts; kill -${signal} $$`], {
      cwd,
      env,
    });

    expect(done).toEqual({ code: null, stdout: "", stderr: "" });
    expect(readFileSync(join(cwd, "starts"), "utf8")).toBe("begun\n");
  },
);
