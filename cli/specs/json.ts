/** The option of commands that print one JSON object. */
export const json = { flags: "--json", about: "print JSON on standard output" } as const;

/** The same, of commands that run tasks. */
export const everyEvent = { flags: "--json", about: "print every event as one JSON object a line" };
