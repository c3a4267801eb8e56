import { expect, test } from "bun:test";
import { checkConfig } from "../../cli/config-file.ts";

const runners = ["kilo", "shell"];

/** What is wrong with the section `serve` of a config, as `CODE line:column message`. */
async function wrongWith(serve: string, own = true): Promise<string[]> {
  const checked = await checkConfig(`serve: ${serve}\n`, { own, runners });
  return checked.ok
    ? []
    : checked.error.map(
        ({ code, line, column, message }) => `${code} ${line}:${column} ${message}`,
      );
}

test("what may be asked for is read with its defaults", async () => {
  const text =
    "{ plans: { a: { file: a.yaml, params: { n: { type: number }, c: { type: choice, values: [x, y], default: y } } } } }";

  const checked = await checkConfig(`serve: ${text}\n`, { own: true, runners });

  expect(checked.ok && checked.value.serve).toEqual({
    plans: {
      a: {
        file: "a.yaml",
        about: null,
        params: {
          n: { type: "number", about: null, min: 0, max: 1_000, fallback: undefined },
          c: { type: "choice", about: null, values: ["x", "y"], fallback: "y" },
        },
      },
    },
    cron: [],
    prompts: [],
    verify: null,
    hosts: [],
    channels: { telegram: null, outbox: null, webhook: null },
  });
});

test("a channel that is opened has nobody on its lists unless they are named", async () => {
  const read = async (telegram: string) => {
    const text = `serve: { channels: { telegram: ${telegram} } }\n`;
    const checked = await checkConfig(text, { own: true, runners });
    return checked.ok && checked.value.serve?.channels.telegram;
  };

  expect(await read("{}")).toEqual({ users: [], chats: [], token: null, server: null });
  expect(await read("{ users: [5], chats: [-100123, 5], server: 'http://127.0.0.1:1' }")).toEqual({
    ...{ users: [5], chats: [-100123, 5], token: null, server: "http://127.0.0.1:1" },
  });
});

for (const [telegram, said] of [
  ["{ users: [ada] }", "must be a whole number"],
  ["{ users: [0] }", "must be a number that is not 0"],
  ["{ users: 5 }", "must be a list of numbers"],
  ["{ token: telegram.token }", "`token` must be an absolute path"],
  ["{ server: 'http://example.com' }", "must be `https://HOST`"],
  ["{ server: 'https://u:p@example.com' }", "must be `https://HOST`"],
  ["{ user: [5] }", "`user`"],
  ["[5]", "must be a map"],
] as const) {
  test(`a bot that cannot be is told: ${telegram}`, async () => {
    const wrong = await wrongWith(`{ channels: { telegram: ${telegram} } }`);

    expect(wrong.join("\n")).toContain(said);
  });
}

test("a repository opens nothing", async () => {
  expect(await wrongWith("{ prompts: [http] }", false)).toEqual([
    "CONFIG_NOT_HERE 1:1 `serve` may stand only in your own config, not in a repository's",
  ]);
});

for (const [params, said] of [
  ["{ n: { type: number, max: 3, default: 4 } }", "`default` must be a whole number from 0 to 3"],
  ["{ n: { type: number, default: yes } }", "`default` must be a whole number from 0 to 1000"],
  [
    "{ t: { type: text, max: 2, default: abc } }",
    "`default` must be a text of at most 2 characters",
  ],
  ["{ c: { type: choice } }", "`values` is missing"],
  ["{ c: { type: choice, values: [x], default: y } }", "`default` must be one of `x`"],
  ["{ f: { type: flag, default: 1 } }", "`default` must be `true` or `false`"],
  ["{ N: { type: text } }", "must be small letters"],
  ["{ n: { type: date } }", "must be `text`, `number`, `flag` or `choice`"],
  ["{ n: { kind: text } }", "`kind`"],
  ["[n]", "must be a map"],
] as const) {
  test(`a parameter that cannot be is told: ${params}`, async () => {
    const wrong = await wrongWith(`{ plans: { a: { file: a.yaml, params: ${params} } } }`);

    expect(wrong.join("\n")).toContain(said);
    expect(wrong[0]).toMatch(/^CONFIG_[A-Z_]+ 1:\d+ /);
  });
}

for (const serve of ["1", "[a]", "{ plans: [a] }", "{ plans: { a: 1 } }", "{ prompts: http }"]) {
  test(`a section that has another shape is refused: ${serve}`, async () => {
    expect((await wrongWith(serve)).length).toBeGreaterThan(0);
  });
}

for (const [channels, said] of [
  ["{ outbox: { file: out.json } }", "`file` must be an absolute path"],
  ["{ outbox: {} }", "`file` is missing"],
  ["{ webhook: {} }", "`url` is missing"],
  ["{ webhook: { url: 'http://example.com/x' } }", "must be `https://HOST/PATH`"],
  ["{ webhook: { url: 'https://user:pass@example.com/' } }", "must be `https://HOST/PATH`"],
  ["{ webhook: { url: 'file:///etc/passwd' } }", "must be `https://HOST/PATH`"],
  ["{ webhook: { url: 'https://a.b/', secret: s } }", "`secret` must be an absolute path"],
  ["{ webhook: { url: 'https://a.b/', events: [run.ended] } }", "a type of event"],
  ["{ webhook: { url: 'https://a.b/', events: [] } }", "hold at least one type"],
  ["{ pigeon: {} }", "`pigeon`"],
] as const) {
  test(`a channel that cannot be is told: ${channels}`, async () => {
    expect((await wrongWith(`{ channels: ${channels} }`)).join("\n")).toContain(said);
  });
}
