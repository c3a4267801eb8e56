/** Variables by name and value; undefined ones are not set. */
type Variables = Readonly<Record<string, string | undefined>>;

/** Names whose values are secret, in any case of letters; `*` stands for anything. */
export const secretNames = [
  ...["*TOKEN", "*TOKENS", "*SECRET", "*SECRETS", "SECRET_*", "*_SECRET_*"],
  ...["*_KEY", "*_KEYS", "*APIKEY", "*ACCESS_KEY*", "*PRIVATE_KEY*"],
  ...["*PASSWORD*", "*PASSWD*", "*PASSPHRASE*", "*_PASS", "*_PWD"],
  ...["*CREDENTIAL", "*CREDENTIALS", "*_PAT", "*_AUTH", "*AUTHTOKEN*", "*_COOKIE", "*_WEBHOOK_URL"],
] as const;

/** Shorter values are never hidden, in bytes: they would stand everywhere in what programs print. */
export const secretBytesMin = 6;

/** Words that stand in variables of such names without being secret. Lower case. */
const commonWords = new Set(
  (
    "change-me changeme default development disable disabled enable enabled example ignored inherit internal keychain " +
    "keyring localhost optional passthrough password placeholder production public replace-me required sandbox " +
    "secret staging system testing undefined unknown unlimited username"
  ).split(" "),
);

const patterns = secretNames.map(
  (pattern) => new RegExp(`^${pattern.replaceAll("*", ".*")}$`, "i"),
);

/** True when the name of a variable says that its value is secret. */
export function looksSecret(name: string): boolean {
  return patterns.some((pattern) => pattern.test(name));
}

/**
 * The values to hide: those of variables whose names look secret and of those in `named`, and passwords in URLs
 * wherever they stand. Left out are values of less than 6 bytes and, unless they are named, what is no secret by its
 * looks: common words, numbers of up to 9 digits, one character again and again, and values for which `isPath` holds.
 */
export function secretValues(
  variables: Variables,
  options: {
    readonly named?: readonly string[];
    /** True when a value only names a file. */
    readonly isPath?: (value: string) => boolean;
  } = {},
): string[] {
  const named = new Set(options.named ?? []);
  const found = new Set<string>();
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined || Buffer.byteLength(value.trim()) < secretBytesMin) continue;
    if (named.has(name)) found.add(value);
    else if (looksSecret(name) && !isHarmless(value.trim(), options.isPath)) found.add(value);
    else for (const password of passwordsIn(value)) found.add(password);
  }
  return [...found].filter((value) => Buffer.byteLength(value.trim()) >= secretBytesMin);
}

function isHarmless(value: string, isPath: ((value: string) => boolean) | undefined): boolean {
  if (commonWords.has(value.toLowerCase())) return true;
  if (/^(.)\1*$/u.test(value) || /^[0-9]{1,9}$/.test(value)) return true;
  return isPath?.(value) ?? false;
}

/** Passwords of `scheme://user:password@host`, as they are written and as they are meant. */
function passwordsIn(value: string): string[] {
  const written = /^[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:([^\s/@]+)@/i.exec(value)?.[1];
  if (written === undefined || isHarmless(written, undefined)) return [];
  try {
    return [written, decodeURIComponent(written)];
  } catch {
    return [written];
  }
}
