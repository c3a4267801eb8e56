import { type ClientContext, methods, type SessionConfigOption } from "@agentclientprotocol/sdk";
import type { Job } from "../../core/plugin/index.ts";

/** What an agent tells of a session that it has opened. */
export interface Opened {
  readonly sessionId: string;
  readonly modes?: { readonly availableModes: readonly { readonly id: string }[] } | null;
  readonly configOptions?: readonly SessionConfigOption[] | null;
}

/** Names by which agents call the mode in which they ask nobody, the best first, and that in which they ask before they edit. */
const freeModes = [/yolo/i, /bypass/i, /full.?access/i, /^auto$/i];
const askingModes = [/^default$/i, /^auto$/i];

/** Picks the model, and the mode in which nobody is asked, or all where a scope is to be kept to, as far as the agent offers them. */
export async function choose(
  agent: ClientContext,
  session: Opened,
  { model, scope }: Job,
): Promise<void> {
  const { sessionId, modes, configOptions } = session;
  const wanted = scope === null ? freeModes : askingModes;
  const mode = firstOf(modes?.availableModes.map(({ id }) => id) ?? [], wanted);
  if (mode !== null) {
    await agent.request(methods.agent.session.setMode, { sessionId, modeId: mode });
  }
  const offered = (session as { models?: { availableModels?: { modelId?: string }[] } }).models;
  if (offered?.availableModels?.some(({ modelId }) => modelId === model)) {
    // Older agents choose a model by this; it did not get into the first version of the protocol.
    await agent.request("session/set_model", { sessionId, modelId: model });
  }
  for (const option of configOptions ?? []) {
    const values = valuesOf(option);
    const value =
      option.category === "model"
        ? (values.find((each) => each === model) ?? null)
        : option.category === "mode" && mode === null
          ? firstOf(values, wanted)
          : null;
    if (value === null) continue;
    await agent.request(methods.agent.session.setConfigOption, {
      sessionId,
      configId: option.id,
      value,
    });
  }
}

function valuesOf(option: SessionConfigOption): readonly string[] {
  if (option.type !== "select") return [];
  return option.options.flatMap((each) =>
    "options" in each ? each.options.map(({ value }) => value) : [each.value],
  );
}

function firstOf(names: readonly string[], patterns: readonly RegExp[]): string | null {
  for (const pattern of patterns) {
    const found = names.find((name) => pattern.test(name));
    if (found !== undefined) return found;
  }
  return null;
}
