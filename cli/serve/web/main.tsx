import { render } from "preact";
import { App } from "./app.tsx";
import { listenToKeys } from "./keys.ts";
import { line } from "./live.ts";
import { logIn, session } from "./session.ts";
import { listen } from "./told.ts";

await logIn();
session.subscribe(() => line.open());
line.open();
listen();
listenToKeys();
render(<App />, document.body);
