const esc = "\u001b";
const [bell, st, st8] = ["\u0007", `${esc}\\`, "\u009c"];

/** What a terminal would do if it were sent one of the 300 and more texts; each holds the word `tail`. */
export function escapePayloads(): string[] {
  const strings = [
    ...[
      "0;t",
      "1;t",
      "2;t",
      "4;1;red",
      "7;file:///x",
      "8;;http://x.invalid",
      "9;hello",
      "9;4;1;50",
    ],
    ...["9;7;reboot", "10;?", "11;?", "50;font", "52;c;bWluZQ==", "52;c;?", "104", "133;A"],
    ...["777;notify;a;b", "1337;File=inline=1:AAAA"],
  ].flatMap((body) =>
    [`${esc}]`, "\u009d"].flatMap((open) => [bell, st, st8].map((end) => open + body + end)),
  );
  const controls = [
    ...["2J", "3J", "H", "31m", "?25l", "?1049h", "?1000h", "?2004h", "6n", "c", ">c", "5i", "4i"],
    ...["20t", "21t", "1;1r", "10;20H", "99A", "K", "s", "u", "5m", "8m", "?1;2$y", "!p"],
  ].flatMap((body) => [`${esc}[${body}`, `\u009b${body}`]);
  const blocks = ["P1$r0m", "P+q544e", "Pq#0;2;0;0;0", "X text ", "^ text ", "_ text "].flatMap(
    (open) => [bell, st, st8].map((end) => esc + open + end),
  );
  const eight = ["\u0090q", "\u0098", "\u009e", "\u009f"].flatMap((open) =>
    [bell, st, st8].map((end) => `${open}x${end}`),
  );
  const single = [..."c78DEHMNOZ=>|}~no"].map((letter) => esc + letter);
  const long = ["#8", "(0", ")B", "%G", "%@", " F", "*A"].map((rest) => esc + rest);
  const c1 = Array.from({ length: 32 }, (_, at) => String.fromCharCode(0x80 + at));
  const c0 = Array.from({ length: 32 }, (_, at) => String.fromCharCode(at)).concat("\u007f");
  const turned = [..."\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"];
  const unseen = [
    ..."\u00ad\u180e\u200b\u200c\u2060\u2061\u2062\u2063\u2064\u206a\u206f\ufeff\ufff9\ufffb\u2028\u2029",
    ...["\u{e0001}", "\u{e0041}", "\u{e007f}"],
  ];
  const open = [
    `${esc}]0;no end`,
    `${esc}[31`,
    `${esc}P`,
    `${esc}`,
    "\u009b",
    "\u009d0;x",
    `${esc}]8;;`,
  ];
  const torn = [
    ...[
      `good\rbad`,
      "good\b\b\b\bbad!",
      "a\u007fb",
      `${esc}${esc}[2J`,
      `${esc}]0;a${esc}[2Jb${bell}`,
    ],
    ...[
      `${esc}[3${esc}[1mx`,
      `\u009b3\u009b1mx`,
      `${esc}]52;c;${esc}]0;x${bell}`,
      "x\r\ny",
      "\ud83d",
    ],
    ...["```\n# head\n```", "`code` **bold**", "> quote\n- item", "<script>alert(1)</script>"],
  ];
  return [strings, controls, blocks, eight, single, long, c1, c0, turned, unseen, open, torn]
    .flat()
    .map((payload) => `head ${payload} tail`);
}
