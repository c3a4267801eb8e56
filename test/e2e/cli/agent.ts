import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestRepository } from "../../support/repository.ts";
import { writeUserConfig } from "../../support/user-config.ts";

/**
 * Puts a script in the place of Kilo in the user's own config. It answers `--version`, then runs `body` with the prompt
 * in `$PROMPT` and the arguments in `$ARGS`, and ends its turn well in the words of Kilo's JSON stream.
 */
export function fakeKilo(repository: TestRepository, body: string): void {
  const agent = join(repository.top, "kilo");
  const turn = { type: "step_finish", part: { reason: "stop", tokens: { input: 3, output: 2 } } };
  writeFileSync(
    agent,
    `#!/bin/sh
[ "$1" = --version ] && { echo 7.7.7; exit; }
GATES=${repository.env.GATES}; ARGS="$*"; PROMPT=$(cat)
${body}
echo '${JSON.stringify(turn)}'
`,
    { mode: 0o755 },
  );
  const home = repository.env.XDG_CONFIG_HOME ?? "";
  writeUserConfig(home, `runners: { kilo: { command: [${agent}] } }\n`);
}
