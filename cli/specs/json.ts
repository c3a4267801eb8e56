/** The option of commands that print one JSON object. */
export const json = { flags: "--json", about: "print JSON on standard output" } as const;
