import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { ask } from "./session.ts";
import { useAct, useTold } from "./told.ts";
import { Trouble } from "./words.tsx";

interface Parameter {
  readonly type: "text" | "number" | "flag" | "choice";
  readonly about: string | null;
  readonly values?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly fallback?: string | number | boolean;
}

interface Plan {
  readonly name: string;
  readonly about: string | null;
  readonly params: Readonly<Record<string, Parameter>>;
}

type Values = Readonly<Record<string, string | number | boolean>>;

/** Asks for a named plan, or in one's own words where prompts are open. */
export function NewRequest() {
  const { value, trouble } = useTold<{ plans: Plan[]; prompts: boolean }>("/api/plans");
  const { route } = useLocation();
  const { busy, said, act } = useAct();
  const send = (body: object): void =>
    act(async () => {
      const { run } = await ask<{ run: string }>("/api/dispatch", body);
      route(`/r/${run}`);
      return "It is accepted.";
    });
  return (
    <>
      <h1>New request</h1>
      {trouble === null ? null : <Trouble>{trouble.message}</Trouble>}
      {value?.prompts ? <Prompt busy={busy} send={send} /> : null}
      {value?.plans.map((plan) => (
        <NamedPlan key={plan.name} plan={plan} busy={busy} send={send} />
      ))}
      {value !== null && !value.prompts && value.plans.length === 0 ? (
        <p class="empty">
          Nothing may be asked for yet. Name plans below <code>serve.plans</code> in your own
          config, or open <code>serve.prompts</code> for <code>http</code>.
        </p>
      ) : null}
      {said === null ? null : <p role="status">{said}</p>}
    </>
  );
}

interface Sender {
  readonly busy: boolean;
  readonly send: (body: object) => void;
}

function Prompt({ busy, send }: Sender) {
  const [prompt, setPrompt] = useState("");
  const [runner, setRunner] = useState("");
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        send({ prompt, ...(runner.trim() === "" ? {} : { runner: runner.trim() }) });
      }}
    >
      <h2>In your own words</h2>
      <label>
        What is to be done
        <textarea
          rows={5}
          required
          value={prompt}
          onInput={({ currentTarget }) => setPrompt(currentTarget.value)}
        />
      </label>
      <label>
        Agent
        <input
          placeholder="the one of your config"
          value={runner}
          onInput={({ currentTarget }) => setRunner(currentTarget.value)}
        />
      </label>
      <button
        type="submit"
        class="allow"
        disabled={busy || prompt.trim() === ""}
        title='ra run "PROMPT"'
      >
        Send
      </button>
    </form>
  );
}

function NamedPlan({ plan, busy, send }: { readonly plan: Plan } & Sender) {
  const { name, about, params } = plan;
  const [values, setValues] = useState<Values>({});
  const put = (key: string, value: string | number | boolean): void =>
    setValues((last) => ({ ...last, [key]: value }));
  return (
    <form
      class="card"
      aria-label={name}
      onSubmit={(event) => {
        event.preventDefault();
        send({ plan: name, params: values });
      }}
    >
      <h2>{name}</h2>
      {about === null ? null : <p>{about}</p>}
      {Object.entries(params).map(([key, parameter]) => (
        <label key={key}>
          {key}
          {parameter.about === null ? "" : `: ${parameter.about}`}
          <Input parameter={parameter} value={values[key]} put={(value) => put(key, value)} />
        </label>
      ))}
      <button type="submit" class="allow" disabled={busy}>
        Run {name}
      </button>
    </form>
  );
}

function Input({
  parameter,
  value = parameter.fallback,
  put,
}: {
  readonly parameter: Parameter;
  readonly value: Values[string] | undefined;
  readonly put: (value: Values[string]) => void;
}) {
  const { type, min, max, values = [], fallback } = parameter;
  const required = fallback === undefined;
  switch (type) {
    case "flag":
      return (
        <input
          type="checkbox"
          checked={value === true}
          onChange={({ currentTarget }) => put(currentTarget.checked)}
        />
      );
    case "choice":
      return (
        <select
          required={required}
          value={`${value ?? ""}`}
          onChange={({ currentTarget }) => put(currentTarget.value)}
        >
          {required ? <option value="" /> : null}
          {values.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      );
    case "number":
      return (
        <input
          {...{ type: "number", min, max, required }}
          value={value === undefined ? "" : Number(value)}
          onInput={({ currentTarget }) => put(currentTarget.valueAsNumber)}
        />
      );
    case "text":
      return (
        <input
          {...{ required, maxLength: max }}
          value={`${value ?? ""}`}
          onInput={({ currentTarget }) => put(currentTarget.value)}
        />
      );
  }
}
