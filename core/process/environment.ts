type Variables = Readonly<Record<string, string | undefined>>;

/** What a program gets in any case, as far as it is set. */
const basics = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LANGUAGE",
  "LC_*",
  "TERM",
  "COLORTERM",
  "TMPDIR",
  "TZ",
  "XDG_*",
  "SSH_AUTH_SOCK",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "all_proxy",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "ALL_PROXY",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_*",
] as const;

/** What never passes: it would change `ra`'s own runtime, load code, or point git at another repository. */
const withheld = [
  "BUN_*",
  "NODE_OPTIONS",
  "LD_*",
  "DYLD_*",
  "GIT_*",
  "RA_*",
  "ZX_*",
  "npm_*",
  "INIT_CWD",
] as const;

/**
 * The environment of a program that a runner starts: the basics and what `patterns` name (`*` at either end stands for
 * anything) out of `parent`, without what is always withheld. `extra` is the user's explicit word and goes on top
 * whole. `GIT_TERMINAL_PROMPT=0` is set, as nobody is there to answer git.
 */
export function programEnvironment(
  parent: Variables,
  patterns: readonly string[],
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const wanted = matcher([...basics, ...patterns]);
  const kept = Object.entries(parent).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && wanted(entry[0]) && !isWithheld(entry[0]),
  );
  return { ...Object.fromEntries(kept), GIT_TERMINAL_PROMPT: "0", ...extra };
}

/** What a runner sets for its program, as far as it may: what is always withheld does not come in by that way either. */
export function withoutWithheld(
  variables: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !isWithheld(name)));
}

const isWithheld = matcher(withheld);

function matcher(patterns: readonly string[]): (name: string) => boolean {
  const names = new Set(patterns.filter((pattern) => !pattern.includes("*")));
  const prefixes = patterns.filter((p) => p.endsWith("*")).map((p) => p.slice(0, -1));
  const suffixes = patterns.filter((p) => /^\*./.test(p)).map((p) => p.slice(1));
  return (name) =>
    names.has(name) ||
    prefixes.some((prefix) => name.startsWith(prefix)) ||
    suffixes.some((suffix) => name.endsWith(suffix));
}
