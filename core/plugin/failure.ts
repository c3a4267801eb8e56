/** What a provider or an agent said when it would not go on. */
export interface Refusal {
  /** HTTP status; null when only words are known. */
  readonly status: number | null;
  readonly text: string;
  /** Response headers with lower-case names, as far as the agent hands them on. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Why an attempt did not succeed, as far as the agent or its provider said. `rate-limit` and `quota` pass by
 * themselves, `network` and `provider` may pass when tried again, `auth` and `model-unknown` need a person, `refused`
 * and `context-overflow` need another task or model. `crashed` and `killed` are ends without a word, `other` the rest.
 */
export type FailureKind =
  | "rate-limit"
  | "quota"
  | "auth"
  | "refused"
  | "model-unknown"
  | "context-overflow"
  | "network"
  | "provider"
  | "crashed"
  | "killed"
  | "other";

/** One line of the table: what words mean, and under which status, where that matters. */
interface Rule {
  readonly kind: FailureKind;
  /** Statuses under which the words count; `null` stands for no status at all. Without it they count under any. */
  readonly under?: readonly (number | null)[];
  readonly words: RegExp;
}

/** What a status means where no words of `rules` say better. */
const statuses: Readonly<Record<number, FailureKind>> = {
  401: "auth",
  402: "quota",
  403: "auth",
  408: "network",
  413: "context-overflow",
  429: "rate-limit",
  503: "rate-limit",
  529: "rate-limit",
};

const quotaWords =
  /insufficient[ _](credits|funds|balance|quota)|(daily|exceeded your current) quota|quota (exceeded|exhausted)|(usage|session|weekly|spend(ing)?|credit) limit\b[^.]{0,40}(reached|exceeded|resets)|(hit|reached|exceeded) your [\w' -]{0,30}limit|\b(5-hour|weekly|opus) limit reached|credit balance is too low|out of (extra )?(usage|credits)/i;

const limitWords =
  /rate.?limit|too many requests|resource.?exhausted|overloaded|\b429\b|\b529\b|at capacity/i;

const authWords =
  /API_KEY_INVALID|api key not valid|(invalid|incorrect) api key|not (logged|signed) in|missing (api key|environment variable|bearer)|authentication[ _](required|failed)|failed to authenticate|unauthorized|please (run \/login|log ?in|sign in)|(token|login|session|credentials) (has |have )?expired|refresh token (was|has been) (rejected|revoked|already used)|codex login|could not load (the )?default credentials|must specify the GEMINI_API_KEY/i;

/** From the top; the first line that fits decides. The texts behind each stand in `test/plugins/failure-texts.ts`. */
const rules: readonly Rule[] = [
  // Words of a limit may name the login that would lift it, so a status of 429 is never a matter of login.
  { kind: "quota", under: [null, 429, 402], words: quotaWords },
  { kind: "rate-limit", under: [429], words: /^/ },
  { kind: "auth", under: [null, 400, 401, 403], words: authWords },
  {
    kind: "context-overflow",
    under: [null, 400, 413, 422],
    words:
      /(prompt|input|request|conversation) (is |was )?too (long|large)|ContextOverflow|context[ _](length|window|limit)|maximum context|input token count .{0,40}exceeds|exceeds? the (maximum|limit of).{0,40}tokens/i,
  },
  {
    kind: "model-unknown",
    under: [null, 400, 403, 404],
    words:
      /model\b.{0,80}(not (found|exist|supported|available|enabled)|does(n't| not) exist|may not exist)|(unknown|unsupported|invalid) model|ModelNotFound|model_not_found|no such model|issue with the selected model/i,
  },
  {
    kind: "refused",
    under: [null, 200, 400],
    words:
      /content.?(filter|policy)|safety (filter|reasons|classifier|settings)|usage policy|model_refusal|PROHIBITED_CONTENT|blocked (by|due to|for) (safety|the provider)|safeguards|finish reason.{0,20}SAFETY|can't help with this/i,
  },
  { kind: "rate-limit", under: [null], words: limitWords },
  {
    kind: "network",
    under: [null],
    words:
      /ECONN(REFUSED|RESET|ABORTED)|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|(unable|failed|could not|cannot) (to )?connect|connection (was |is )?(refused|reset|error|closed|lost)|fetch failed|network (error|is unreachable)|error sending request|socket (hang ?up|connection was closed)|stream (disconnected|closed|ended)|timed? ?out|premature close|ConnectionRefused|terminated/i,
  },
  {
    kind: "provider",
    under: [null],
    words:
      /internal server error|bad gateway|service unavailable|malformed response|server_error|high demand|returned no output/i,
  },
];

/** Which kind of failure a refusal is. A status says more than words, but for what the table names. */
export function classify({ status, text }: Refusal): FailureKind {
  const rule = rules.find(({ under, words }) => {
    return (under === undefined || under.includes(status)) && words.test(text);
  });
  if (rule !== undefined) return rule.kind;
  if (status === null) return "other";
  return statuses[status] ?? (status >= 500 ? "provider" : "other");
}

/** True when a line says that the provider refuses for now, by rate or by quota. */
export function soundsLimited(text: string): boolean {
  return limitWords.test(text) || quotaWords.test(text);
}
