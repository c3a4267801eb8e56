import { expect, test } from "bun:test";
import { programEnvironment, withoutWithheld } from "../../core/process/environment.ts";

const parent = {
  PATH: "/bin",
  HOME: "/home/me",
  LC_ALL: "C",
  XDG_DATA_HOME: "/data",
  https_proxy: "http://proxy",
  KILO_API_KEY: "k",
  KILOMETRES: "5",
  AWS_SECRET_ACCESS_KEY: "s",
  BUN_OPTIONS: "--preload=x.ts",
  NODE_OPTIONS: "--require x",
  LD_PRELOAD: "x.so",
  DYLD_INSERT_LIBRARIES: "x",
  GIT_DIR: "/elsewhere",
  RA_ATTEMPT: "outer",
  ZX_SHELL: "x",
  npm_config_registry: "x",
  npm_lifecycle_event: "test",
  UNSET: undefined,
};

test("passes the basics and what the runner names, and nothing else", () => {
  const environment = programEnvironment(parent, ["KILO_*"]);

  expect(environment).toEqual({
    PATH: "/bin",
    HOME: "/home/me",
    LC_ALL: "C",
    XDG_DATA_HOME: "/data",
    https_proxy: "http://proxy",
    KILO_API_KEY: "k",
    GIT_TERMINAL_PROMPT: "0",
  });
});

test("withholds what loads code or redirects git even from a runner that asks for all", () => {
  const environment = programEnvironment(parent, ["*", "LD_PRELOAD"]);

  expect(Object.keys(environment).sort()).toEqual([
    "AWS_SECRET_ACCESS_KEY",
    "GIT_TERMINAL_PROMPT",
    "HOME",
    "KILOMETRES",
    "KILO_API_KEY",
    "LC_ALL",
    "PATH",
    "XDG_DATA_HOME",
    "https_proxy",
  ]);
});

test("takes nothing from a runner that is always withheld", () => {
  const own = {
    TMPDIR: "/scratch",
    BUN_OPTIONS: "x",
    NODE_OPTIONS: "x",
    GIT_DIR: "x",
    RA_RUN: "x",
  };

  expect(withoutWithheld(own)).toEqual({ TMPDIR: "/scratch" });
});

test("passes whatever the plan names itself", () => {
  const extra = { LD_PRELOAD: "mine.so", PATH: "/mine", GIT_TERMINAL_PROMPT: "1" };

  const environment = programEnvironment(parent, [], extra);

  expect(environment).toMatchObject(extra);
});
