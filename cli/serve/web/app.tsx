import { useEffect } from "preact/hooks";
import { LocationProvider, Route, Router, useLocation } from "preact-iso";
import { Agents } from "./agents.tsx";
import { useCell } from "./cell.ts";
import { Inbox, useNeeds } from "./inbox.tsx";
import { keys } from "./keys.ts";
import { type LineState, line } from "./live.ts";
import { NewRequest } from "./new-request.tsx";
import { RunPage } from "./run.tsx";
import { Runs } from "./runs.tsx";
import { Schedules } from "./schedules.tsx";
import { loginTrouble, session } from "./session.ts";
import { TaskPage } from "./task.tsx";

/** The whole page. */
export function App() {
  const token = useCell(session);
  if (token === null) return <Login />;
  return (
    <LocationProvider>
      <Header />
      <main>
        <Router>
          <Route path="/" component={Inbox} />
          <Route path="/runs" component={Runs} />
          <Route path="/schedules" component={Schedules} />
          <Route path="/agents" component={Agents} />
          <Route path="/new" component={NewRequest} />
          <Route path="/r/:run" component={RunPage} />
          <Route path="/r/:run/t/:task" component={TaskPage} />
          <Route default component={Nowhere} />
        </Router>
      </main>
      <Keys />
    </LocationProvider>
  );
}

const lineWords: Readonly<Record<LineState, string>> = {
  connecting: "connecting",
  live: "live",
  reconnecting: "reconnecting",
};

function Header() {
  const { path } = useLocation();
  const state = useCell(line.state);
  const needs = useNeeds();
  const count = needs.questions.length + needs.paused.length;
  useEffect(() => {
    document.title = count === 0 ? "ra" : `(${count}) ra`;
  }, [count]);
  const link = (to: string, name: string, more = "") => (
    <a href={to} aria-current={path === to ? "page" : undefined}>
      {name}
      {more === "" ? null : <b class="count">{more}</b>}
    </a>
  );
  return (
    <header>
      <nav aria-label="pages">
        {link("/", "Inbox", count === 0 ? "" : `${count}`)}
        {link("/runs", "Runs")}
        {link("/schedules", "Schedules")}
        {link("/agents", "Agents")}
        {link("/new", "New")}
      </nav>
      <span class={`line ${state}`} role="status">
        <span aria-hidden="true">{state === "live" ? "●" : "◌"}</span> {lineWords[state]}
      </span>
    </header>
  );
}

function Login() {
  const trouble = useCell(loginTrouble);
  return (
    <main class="login">
      <h1>ra</h1>
      {trouble === null ? null : (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      <p>This page is let in by a link that works once. Where `ra serve` runs, get one with</p>
      <pre>ra serve --link</pre>
    </main>
  );
}

function Nowhere() {
  return <p class="empty">There is nothing here.</p>;
}

function Keys() {
  return (
    <dialog class="keys" aria-label="keys">
      <form method="dialog">
        <table>
          <tbody>
            {keys.map(([name, what]) => (
              <tr key={name}>
                <th scope="row">
                  <kbd>{name}</kbd>
                </th>
                <td>{what}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
