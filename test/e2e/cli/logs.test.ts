import { expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { events, type TestRepository, testRepository, until } from "../../support/repository.ts";
import { openScreen } from "./screen.ts";

const esc = "\u001b";

/** What a hostile or careless program prints: titles, clipboard, colours, bidi, returns, bytes that are no text. */
const hostile = Buffer.concat([
  Buffer.from(`${esc}]0;owned\u0007${esc}]52;c;bWluZQ==\u0007${esc}[31mred${esc}[0m\n`),
  Buffer.from(`${esc}[2J${esc}[H${esc}Pq#0${esc}\\ \u202egnp.exe\u2066 \u009b31m\n`),
  Buffer.from(Array.from({ length: 500 }, (_, i) => `\r${i}%`).join("")),
  Buffer.from([0x0a, 0x00, 0xff, 0xfe, 0x80, 0x1b, 0x08, 0x7f, 0x0a]),
  Buffer.from(`the end ${esc}]8;;http://x.invalid${esc}\\link${esc}]8;;${esc}\\`),
]);

/** True when a character is left that a terminal or a reader of lines would act on. */
function isRaw(text: string): boolean {
  return /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/u.test(text);
}

/** True when the output of some attempt has reached its log. */
function logged({ dir }: TestRepository): boolean {
  const logs = join(dir, ".git", "ra", "runs");
  return (
    existsSync(logs) &&
    readdirSync(logs, { recursive: true }).some((path) => `${path}`.endsWith(".log"))
  );
}

test("prints what programs wrote without anything that could move a terminal", async () => {
  const repository = testRepository();
  writeFileSync(join(repository.top, "hostile"), hostile);
  const show = `cat ${join(repository.top, "hostile")}`;
  const plan = repository.plan([
    { id: "good", run: show },
    { id: "bad", run: `${show}; ${show} >&2; exit 1` },
  ]);

  const screen = await openScreen(repository, ["dispatch", plan], { env: { NO_COLOR: "1" } });
  await screen.ended;
  const [whole, one] = [
    await openScreen(repository, ["logs", "@last"]),
    await openScreen(repository, ["logs", "@last/good"]),
  ];
  await Promise.all([whole.ended, one.ended]);
  const shown = await repository.ra("show", "@last/bad");
  const piped = await repository.ra("logs", "@last/good");

  const texts = [screen, whole, one].map(({ text }) => text.replaceAll("\r\n", "\n"));
  for (const text of [...texts, shown.stdout]) expect(isRaw(text)).toBe(false);
  expect(texts[2]).toMatch(/^red\n gnp\.exe /);
  expect(texts[2]).toContain("\n499%\n");
  expect(texts[2]).toMatch(/the end link$/);
  expect(texts[1]).toContain("good | red\n");
  // Whoever reads a pipe gets what the program wrote.
  expect(piped.stdout).toBe(hostile.toString());
});

test("follows a live run line by line, and ends with it", async () => {
  const repository = testRepository();
  const { hold } = repository;
  const plan = repository.plan([
    {
      id: "one",
      run: `echo first; printf 'half ${esc}[3'; ${hold("one")}; printf '1mred\\n'; echo last`,
    },
    { id: "two", run: `${hold("two")}; echo two` },
  ]);
  const dispatch = await repository.start("dispatch", plan, "--json");
  await Promise.all([repository.arrival("one"), repository.arrival("two")]);

  const screen = await openScreen(repository, ["logs", "@last", "-f"]);
  const task = await repository.start("logs", "@last/one", "--follow");
  const json = await repository.start("logs", "@last", "-f", "--json");
  await screen.shows(/one \| first\r\n/);
  repository.open("one");
  await screen.shows(/one \| last/);
  repository.open("two");
  const [code, own, log, result] = await Promise.all([
    screen.ended,
    task.ended,
    json.ended,
    dispatch.ended,
  ]);

  expect([code, own.code, log.code]).toEqual([0, 0, 0]);
  expect(screen.text).toBe("one | first\r\none | half red\r\none | last\r\ntwo | two\r\n");
  expect(own.stdout).toBe(`first\nhalf ${esc}[31mred\nlast\n`);
  expect(log.stdout).toBe(result.stdout);
});

test("ends with a run whose `ra` has gone", async () => {
  const repository = testRepository();
  const plan = repository.plan([{ id: "one", run: `echo here; ${repository.hold("one")}` }]);
  const dispatch = await repository.start("dispatch", plan);
  await repository.arrival("one");
  await until(() => logged(repository), "the output in the log");
  const follow = await repository.start("logs", "@last", "-f");

  dispatch.signal("SIGKILL");
  const result = await follow.ended;
  repository.open("one");
  await until(() => repository.living().length === 0, "the end of the orphan");

  expect([result.code, result.stdout]).toEqual([0, "one | here\n"]);
});

test("prints the attempt that is asked for", async () => {
  const repository = testRepository();
  const mark = join(repository.top, "tried");
  const plan = repository.plan([
    {
      id: "one",
      run: `[ -e ${mark} ] && { echo second; exit; }; touch ${mark}; echo first; exit 1`,
      retries: { max: 1, backoff: "1ms" },
    },
  ]);
  await repository.ra("dispatch", plan);

  const logs = (...args: string[]) => repository.ra("logs", "@last/one", ...args);
  const [newest, first, none, json] = await Promise.all([
    logs(),
    logs("--attempt", "1"),
    logs("--attempt", "3"),
    logs("--attempt", "2", "--json"),
  ]);

  expect([newest.stdout, first.stdout]).toEqual(["second\n", "first\n"]);
  expect(none.code).toBe(2);
  expect(none.stderr).toContain("has no attempt 3");
  expect(events(json).map(({ type }) => type)).toContain("attempt.finished");
  expect(events(json).every((event) => "attempt" in event && event.attempt === 2)).toBe(true);
});

test("prints every try of a check, and names those after the first", async () => {
  const repository = testRepository();
  const tried = join(repository.top, "tried");
  const check = `[ -e ${tried} ] && { echo second try; exit; }; touch ${tried}; echo first try; exit 1`;
  const plan = repository.plan([
    { id: "one", run: "echo work > work.txt", verify: { run: check, tries: 3 } },
  ]);
  await repository.ra("dispatch", plan);

  const whole = await repository.ra("logs", "@last");
  const one = await repository.ra("logs", "@last/one");

  expect(whole.stdout).toBe("one verify | first try\none verify, try 2 | second try\n");
  expect(one.stdout).toBe("first try\nsecond try\n");
  expect(one.stderr).toContain("one verify, try 2");
});
