import { version } from "../package.json";
import { processTerminal } from "./terminal.ts";

// Stands until the work is done: a promise that never settles then ends as a bug, not as success.
process.exitCode = 70;

const argv = process.argv.slice(2);

process.on("unhandledRejection", crash);
process.on("uncaughtException", crash);
process.on("beforeExit", () => crash(new Error("nothing was left to wait for")));

/** Hidden first words, under which `ra` starts itself: as `core/process/custody.ts` has them, to look after what it starts. */
const keepers: Readonly<Record<string, () => Promise<unknown>>> = {
  __warden: async () => (await import("../core/process/warden.ts")).runWarden(),
  __shim: async () => (await import("../core/process/shim.ts")).runShim(argv[1] ?? ""),
  // As `cli/serve/driving.ts` has it.
  __request: async () => {
    const { driveRequest } = await import("./serve/request-run.ts");
    return driveRequest(argv[1] ?? "", processTerminal({ json: true }));
  },
};

start().then((code) => process.exit(code), crash);

/** Asking for the version is the fast path: it must not pay for loading anything else. */
async function start(): Promise<number> {
  const keeper = keepers[argv[0] ?? ""];
  if (keeper !== undefined) {
    const code = await keeper();
    return typeof code === "number" ? code : 0;
  }
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
    try {
      processTerminal({ json: false }).out(`ra ${version}\n`);
      return 0;
    } catch {
      // `invoke` meets the same error below and tells it.
    }
  }
  const [{ commands }, { invoke, wantsJson }] = await Promise.all([
    import("./commands.ts"),
    import("./invoke.ts"),
  ]);
  return invoke(commands, argv, processTerminal({ json: wantsJson(argv) }), version);
}

let crashing = false;

async function crash(error: unknown): Promise<void> {
  if (crashing) return;
  crashing = true;
  try {
    const [{ wantsJson }, { errorJson, renderError }, { crashMessage, writeCrash }] =
      await Promise.all([import("./invoke.ts"), import("./fault.ts"), import("./crash.ts")]);
    const json = wantsJson(argv);
    const terminal = processTerminal({ json });
    const path = writeCrash({ error, argv, env: terminal.env, version, at: new Date() });
    const shown = {
      code: "INTERNAL",
      message: crashMessage(error, terminal.env),
      hint: path ? `report it with the file ${path}` : undefined,
    };
    if (json) terminal.out(errorJson(shown));
    else terminal.err(renderError(shown, terminal.color));
  } finally {
    process.exit(70);
  }
}
