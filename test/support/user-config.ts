import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes the user's own config, below what `XDG_CONFIG_HOME` names. A machine with little room must not let a test wait for
 * more: a run wants 1 MB, unless the text says otherwise.
 */
export function writeUserConfig(configHome: string, text = ""): void {
  const room = /^disk:/m.test(text) ? "" : "disk: { free: 1MB }\n";
  mkdirSync(join(configHome, "ra"), { recursive: true });
  writeFileSync(join(configHome, "ra", "config.yaml"), room + text);
}
