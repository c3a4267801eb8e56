import type { CommandSpec } from "../command.ts";

/** The gateway. */
export const gatewayWork: readonly CommandSpec[] = [
  {
    name: "serve",
    args: "",
    summary: "take requests over HTTP and WebSocket, and run them from one queue",
    options: [
      { flags: "--listen <address>", about: "PORT or HOST:PORT (default 127.0.0.1:7272)" },
      { flags: "--socket <path>", about: "listen on a socket of the file system instead" },
      {
        flags: "--dispatch <serial|concurrent>",
        about: "one request at a time, or several side by side (default concurrent)",
      },
      { flags: "-c, --concurrency <N>", about: "requests at once (default 3)" },
      {
        flags: "--remote",
        about: "listen where other machines come in, by the names in the config",
      },
      { flags: "--link", about: "print a link to the dashboard of the one that serves here" },
      { flags: "--json", about: "print the address as JSON once it listens" },
    ],
    examples: ["ra serve", "ra serve --listen 8080 --dispatch serial"],
    load: () => import("../commands/serve.ts"),
  },
  {
    name: "watch",
    args: "<dir>",
    summary: "run approved dispatch files as they appear in a directory",
    options: [],
    examples: ["ra watch .gemini"],
    load: () => import("../commands/watch.ts"),
  },
];
