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
