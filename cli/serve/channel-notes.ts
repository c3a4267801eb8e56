import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * What a channel must know after a restart, such as which message shows which run. It is not part of what happened, so it
 * is kept beside the log and not in it: what is lost of it costs a message that is sent a second time.
 */
export class ChannelNotes {
  readonly #path: string;

  constructor(stateDir: string, channel: string) {
    this.#path = join(stateDir, "channels", `${channel}.json`);
  }

  /** What was written last; undefined when nothing was, or it cannot be read. */
  read(): unknown {
    try {
      return JSON.parse(readFileSync(this.#path, "utf8")) as unknown;
    } catch {
      return undefined;
    }
  }

  /** Whole or not at all. Throws what the file system throws. */
  write(value: object): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    const draft = `${this.#path}.new`;
    writeFileSync(draft, JSON.stringify(value), { mode: 0o600 });
    renameSync(draft, this.#path);
  }
}
