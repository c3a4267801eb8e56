import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $, type ProcessOutput } from "zx";

/**
 * Tries the compiled binary as a stranger would: alone in a directory, without an environment, beside files that
 * a Bun program would run or read by default. The tests never see these faults, as they run in the checkout.
 */
const directory = mkdtempSync(join(tmpdir(), "ra-smoke-"));
const home = mkdtempSync(join(tmpdir(), "ra-smoke-home-"));
const owned = join(directory, "owned");

const planted: Readonly<Record<string, string>> = {
  "bunfig.toml": 'preload = ["./evil.ts"]\n',
  ".env": "XDG_STATE_HOME=./stolen\nRA_WORKSPACES=./stolen\nBUN_OPTIONS=--preload=./evil.ts\n",
  "evil.ts": 'require("node:fs").writeFileSync(__dirname + "/owned", "");\n',
  "plan.yaml": "version: 1\ntasks:\n  - id: hello\n    run: echo hello\n",
  "wrong.yaml": "version: 1\ntasks:\n  - id: hello\n    deps: [nobody]\n    run: echo hello\n",
};

try {
  process.exitCode = await smoke();
} finally {
  rmSync(directory, { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
}

async function smoke(): Promise<number> {
  copyFileSync(join(import.meta.dir, "..", "dist", "ra"), join(directory, "ra"));
  for (const [name, text] of Object.entries(planted)) writeFileSync(join(directory, name), text);
  const shell = $({ cwd: directory, nothrow: true, quiet: true, verbose: false });
  const bare = (...args: string[]) => shell`env -i ./ra ${args}`;
  const plain = (...args: string[]) =>
    shell`env -i HOME=${home} PATH=${process.env.PATH ?? ""} ./ra ${args}`;

  await shell`${process.execPath} -e 0`;
  const trapWorks = existsSync(owned);
  rmSync(owned, { force: true });
  const checks: (readonly [string, boolean])[] = [
    ["the trap catches a bare bun", trapWorks],
    ["tells its version", says(await bare("--version"), 0, /^ra \d+\.\d+\.\d+\n$/)],
    ["shows help", says(await bare("--help"), 0, /Usage: ra <command>/)],
    ["refuses an unknown command", says(await bare("demmo"), 2, /did you mean `ra demo`/)],
    ["accepts a good plan", says(await plain("check", "plan.yaml"), 0, /./)],
    ["refuses a wrong plan", says(await plain("check", "wrong.yaml"), 2, /nobody/)],
    ["draws a graph", says(await plain("graph", "plan.yaml"), 0, /hello/)],
    ["prints a schema", says(await plain("schema", "plan"), 0, /"\$schema"/)],
    ["lists processes", says(await plain("ps"), 0, /./)],
    ["runs the demo", says(await plain("demo"), 0, /./)],
    ["ran nothing that lay in its directory", !existsSync(owned)],
    ["read no .env that lay in its directory", !existsSync(join(directory, "stolen"))],
    ["left nothing behind", leftBehind().length === 0],
  ];
  for (const [name, held] of checks) console.log(`${held ? "holds" : "FAILS"}  ${name}`);
  return checks.every(([, held]) => held) ? 0 : 1;
}

function says(output: ProcessOutput, code: number, pattern: RegExp): boolean {
  const held = output.exitCode === code && pattern.test(output.stdout + output.stderr);
  if (!held) console.error(`exit code ${output.exitCode}\n${output.stdout}${output.stderr}`);
  return held;
}

/** What stands in the directory now; `.ra` is where `ra ps` keeps its registry outside git. */
function leftBehind(): string[] {
  const known = new Set(["ra", ".ra", ...Object.keys(planted)]);
  return readdirSync(directory).filter((name) => !known.has(name));
}
