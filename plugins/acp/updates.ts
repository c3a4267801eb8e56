import type { SessionNotification, ToolCallUpdate } from "@agentclientprotocol/sdk";
import type { Story } from "../../core/plugin/index.ts";

/** Reads one update; true when it tells that the agent goes on. `spentBefore`: what the session cost before, in dollars. */
export function readUpdate(
  story: Story,
  { update }: SessionNotification,
  spentBefore: number,
): boolean {
  switch (update.sessionUpdate) {
    case "agent_message_chunk":
      if (update.content.type === "text") story.lastMessage += update.content.text;
      return true;
    case "tool_call":
      story.toolCalls += 1;
      story.lastMessage = "";
      readEdits(story, update);
      return true;
    case "tool_call_update":
      readEdits(story, update);
      return true;
    case "usage_update":
      if (update.cost) {
        // Of the session as a whole.
        const costUsd = Math.max(0, update.cost.amount - spentBefore);
        story.usage = usageOf(story, { costUsd });
      }
      return false;
    default:
      return update.sessionUpdate === "agent_thought_chunk";
  }
}

/** Some agents show a diff, some only where they edit. */
function readEdits(story: Story, { kind, content, locations }: ToolCallUpdate): void {
  for (const each of content ?? []) if (each.type === "diff") story.edits.add(each.path);
  if (kind !== "edit" && kind !== "delete" && kind !== "move") return;
  for (const { path } of locations ?? []) story.edits.add(path);
}

function usageOf(story: Story, more: Partial<NonNullable<Story["usage"]>>): Story["usage"] {
  return { inputTokens: null, outputTokens: null, costUsd: null, ...story.usage, ...more };
}

/** Where agents tell of tokens: `usage` as a field that the protocol does not have yet, and Gemini CLI in `_meta`. */
export function readUsage(story: Story, answer: object): void {
  const { usage, _meta } = answer as {
    usage?: { inputTokens?: number; outputTokens?: number; cachedReadTokens?: number | null };
    _meta?: { quota?: { token_count?: { input_tokens?: number; output_tokens?: number } } } | null;
  };
  const counted = _meta?.quota?.token_count;
  if (usage !== undefined) {
    story.usage = usageOf(story, {
      inputTokens: (usage.inputTokens ?? 0) + (usage.cachedReadTokens ?? 0),
      outputTokens: usage.outputTokens ?? null,
    });
  } else if (counted !== undefined) {
    story.usage = usageOf(story, {
      inputTokens: counted.input_tokens ?? null,
      outputTokens: counted.output_tokens ?? null,
    });
  }
}
