import { expect, test } from "bun:test";
import { onTestEnd } from "../support/leftovers.ts";
import { startModelServer } from "../support/model-server.ts";

const script = "Do it.\n@@error 429 retry-after=2 times=1\n@@write a.txt <<x\\ny>>\n@@say bye";

function server() {
  const model = startModelServer();
  onTestEnd(() => model.stop());
  return model;
}

async function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, { method: "POST", body: JSON.stringify(body) });
}

test("follows a script over the turns of a conversation in OpenAI's words", async () => {
  const model = server();
  const user = { role: "user", content: script };
  const called = { role: "assistant", tool_calls: [{ id: "1" }] };
  const ask = (messages: object[]) =>
    post(`${model.url}/v1/chat/completions`, { model: "m1", messages, tools: [{}] });

  const refused = await ask([user]);
  const first = (await (await ask([user])).json()) as {
    choices: { message: { tool_calls: { function: { name: string; arguments: string } }[] } }[];
  };
  const last = await (await ask([user, called])).text();

  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
  const call = first.choices[0]?.message.tool_calls[0]?.function;
  expect(call?.name).toBe("write");
  expect(JSON.parse(call?.arguments ?? "")).toEqual({ filePath: "a.txt", content: "x\ny" });
  expect(last).toContain("bye");
  expect(model.requests).toHaveLength(3);
});

test("follows a script in Google's words, streamed", async () => {
  const model = server();
  const contents = [{ role: "user", parts: [{ text: script }] }];
  const url = `${model.url}/v1beta/models/g:streamGenerateContent?alt=sse`;

  const refused = (await (
    await post(url, { contents, tools: [{ functionDeclarations: [{ name: "write_file" }] }] })
  ).json()) as never;
  const text = await (
    await post(url, { contents, tools: [{ functionDeclarations: [{ name: "write_file" }] }] })
  ).text();

  expect(refused).toMatchObject({
    error: { status: "RESOURCE_EXHAUSTED", details: [{ retryDelay: "2s" }] },
  });
  expect(JSON.parse(text.replace(/^data: /, ""))).toMatchObject({
    candidates: [
      {
        content: {
          parts: [{ functionCall: { name: "write_file", args: { file_path: "a.txt" } } }],
        },
      },
    ],
  });
});

test("answers a request on the side without following the script", async () => {
  const model = server();
  const messages = [{ role: "user", content: `Title for: ${script}` }];

  const answer = await post(`${model.url}/v1/chat/completions`, { model: "m1", messages });

  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain("done");
});

test("follows a script in Anthropic's words and in those of OpenAI's responses", async () => {
  const model = server();
  const ask = async (path: string, body: object): Promise<readonly Record<string, unknown>[]> => {
    const text = await (await post(`${model.url}${path}`, { stream: true, ...body })).text();
    return [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data as string));
  };
  const user = { role: "user", content: [{ type: "text", text: "@@edit a.txt <<x>> <<y>>" }] };
  const tools = [{ name: "Edit" }, { type: "function", name: "exec_command" }];

  const messages = await ask("/v1/messages", { messages: [user], tools });
  const input = [{ ...user, type: "message" }];
  const responses = await ask("/v1/responses", { input, tools });

  expect(messages.map(({ type }) => type)).toEqual([
    ...["message_start", "content_block_start", "content_block_delta", "content_block_stop"],
    ...["message_delta", "message_stop"],
  ]);
  expect(messages[2]).toMatchObject({
    delta: { partial_json: '{"file_path":"a.txt","old_string":"x","new_string":"y"}' },
  });
  const item = responses.at(-1)?.response as { output: { name: string; arguments: string }[] };
  expect(item.output[0]?.name).toBe("exec_command");
  expect(JSON.parse(item.output[0]?.arguments ?? "").cmd).toContain("\n-x\n+y\n");
});

test("cuts, garbles and slows an answer as often as it is told", async () => {
  const model = server();
  const ask = async (script: string) => {
    const messages = [{ role: "user", content: script }];
    const tools = [{ function: { name: "write" } }];
    const body = { model: "m1", stream: true, messages, tools };
    return (await post(`${model.url}/v1/chat/completions`, body)).text();
  };

  const cut = [await ask("@@cut times=1\n@@say a"), await ask("@@cut times=1\n@@say a")];
  const junk = await ask("@@junk\n@@say b");
  const slow = await ask("@@slow 1\n@@say c");

  expect(cut.map((text) => text.includes("[DONE]"))).toEqual([false, true]);
  expect(cut[0]).toEndWith('"half');
  expect(junk).toContain("{not json");
  expect(slow).toBe(await ask("@@say c"));
});

test("lets the model refuse in each provider's own form", async () => {
  const model = server();
  const content = "@@refuse";
  const chat = { messages: [{ role: "user", content }], tools: [{ function: { name: "write" } }] };
  const messages = { messages: [{ role: "user", content }], tools: [{ name: "Write" }] };

  const said = [
    await (await post(`${model.url}/v1/chat/completions`, chat)).text(),
    await (await post(`${model.url}/v1/messages`, messages)).text(),
  ];

  expect(said[0]).toContain('"finish_reason":"content_filter"');
  expect(said[1]).toContain('"stop_reason":"refusal"');
});
