import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Tape } from "./conformance.ts";

const directory = join(import.meta.dir, "transcripts");

/** Where what a real agent printed in a case is kept. */
export function transcriptPath(agent: string, name: string): string {
  return join(directory, agent, `${name}.json`);
}

/** What a real agent printed in a case, to be played again. */
export function transcript(agent: string, name: string): Tape {
  return JSON.parse(readFileSync(transcriptPath(agent, name), "utf8")) as Tape;
}

/** The cases that are kept of an agent. */
export function transcriptsOf(agent: string): readonly string[] {
  return readdirSync(join(directory, agent)).map((name) => name.replace(/\.json$/, ""));
}
