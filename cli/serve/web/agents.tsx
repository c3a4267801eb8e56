import type { AgentState } from "../../agent-state.ts";
import { useNow, useTold } from "./told.ts";
import { ago, Status, Trouble } from "./words.tsx";

/** What `GET /api/agents` tells. */
interface Told {
  readonly agents: readonly AgentState[];
  /** ISO 8601. */
  readonly askedAt: string;
}

/** The agents of this machine: which can be used, what each would need, and which refuse for now. */
export function Agents() {
  const { value, trouble } = useTold<Told>("/api/agents");
  const now = useNow(value?.agents.some(({ cooldowns }) => cooldowns.length > 0) === true);
  const agents = [...(value?.agents ?? [])].sort((a, b) => Number(b.usable) - Number(a.usable));
  return (
    <>
      <h1>Agents</h1>
      {trouble === null ? null : <Trouble>{trouble.message}</Trouble>}
      {value === null && trouble === null ? (
        <p class="empty" role="status">
          They are being asked.
        </p>
      ) : null}
      {value === null ? null : (
        <p class="facts">
          As <code>ra agents</code> told {ago(value.askedAt, now)}
        </p>
      )}
      {agents.map((agent) => (
        <Agent key={agent.name} agent={agent} now={now} />
      ))}
    </>
  );
}

function Agent({ agent, now }: { readonly agent: AgentState; readonly now: number }) {
  const { name, usable, version, message, fix, cooldowns } = agent;
  const status = !usable ? "unusable" : cooldowns.length > 0 ? "refuses" : "usable";
  return (
    <article class={cooldowns.length > 0 ? "card ask" : "card"} data-item tabIndex={0}>
      <h2>
        <Status of={status} /> {name}
      </h2>
      <p class="facts">{[version ?? "", ...traits(agent)].filter(Boolean).join(" · ")}</p>
      {message === null ? null : <p>{message}</p>}
      {fix === null ? null : (
        <p>
          To mend it: <code>{fix}</code>
        </p>
      )}
      {cooldowns.map(({ provider, until }) => (
        <p key={provider}>
          {provider} refuses {untilText(until, now)}.
        </p>
      ))}
    </article>
  );
}

function traits({ parallel, isolation, concurrency, provider, running, usable }: AgentState) {
  if (!usable) return [];
  const most = concurrency === null ? "" : ` of ${concurrency} at most`;
  return [
    `${running}${most} at work`,
    parallel === null ? "" : parallel ? "runs beside others" : "asks before it runs beside others",
    isolation === null ? "" : `isolation ${isolation}`,
    `provider ${provider}`,
  ];
}

function untilText(until: string, nowMs: number): string {
  const at = Date.parse(until);
  return at > nowMs ? `until ${new Date(at).toLocaleString()}` : "until one attempt was answered";
}
