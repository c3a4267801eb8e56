import { isAbsolute } from "node:path";
import type { IssueList } from "../core/plan/source.ts";
import { type LineSettings, lineSettings } from "./line-config.ts";
import type { ParameterInput, ServeInput } from "./serve-schema.ts";

export type { ServeInput };

/** One schedule: a plan that runs by itself. */
export interface Schedule {
  readonly name: string;
  readonly plan: string;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  /** When, as cron reads it. */
  readonly at: string;
  /** Null: the machine's. */
  readonly timeZone: string | null;
  /** How late a run of it may start, in milliseconds. */
  readonly lateMs: number;
}

/** One parameter of a named plan. A value that nobody gives is `fallback`; undefined: it must be given. */
export type Parameter = {
  readonly about: string | null;
} & (
  | { readonly type: "text"; readonly max: number; readonly fallback: string | undefined }
  | {
      readonly type: "number";
      readonly min: number;
      readonly max: number;
      readonly fallback: number | undefined;
    }
  | { readonly type: "flag"; readonly fallback: boolean | undefined }
  | {
      readonly type: "choice";
      readonly values: readonly string[];
      readonly fallback: string | undefined;
    }
);

/** A plan that others may ask for by its name. */
export interface NamedPlan {
  /** From the repository's root, or absolute. */
  readonly file: string;
  readonly about: string | null;
  readonly params: Readonly<Record<string, Parameter>>;
}

/** A bot of Telegram. Whoever is not on both lists is nobody. */
export interface TelegramConfig {
  readonly users: readonly number[];
  readonly chats: readonly number[];
  /** The file that holds its token; null: the usual one. */
  readonly token: string | null;
  /** Null: that of Telegram. */
  readonly server: string | null;
}

/** What the user lets others ask of `ra serve`. */
export interface ServeSettings {
  readonly plans: Readonly<Record<string, NamedPlan>>;
  readonly cron: readonly Schedule[];
  /** Ways in that may send prompts. */
  readonly prompts: readonly string[];
  readonly verify: string | null;
  readonly hosts: readonly string[];
  readonly channels: { readonly telegram: TelegramConfig | null } & LineSettings;
}

/** What holds where the user says nothing: nobody may ask for anything. */
export const serveDefaults: ServeSettings = {
  plans: {},
  cron: [],
  prompts: [],
  verify: null,
  hosts: [],
  channels: { telegram: null, outbox: null, webhook: null },
};

/** Longest text of a parameter, and greatest number, that a config does not bound. */
const boundDefault = 1_000;

/** Reads the section; what contradicts itself becomes an issue. What is not of the right shape is passed over: it has its issue. */
export function serveSettings(input: ServeInput, issues: IssueList): Omit<ServeSettings, "cron"> {
  const plans = Object.entries(input.plans ?? {}).map(([name, plan]) => {
    const params = Object.entries(plan?.params ?? {}).map(
      ([param, spec]) =>
        [param, parameterOf(spec, ["serve", "plans", name, "params", param], issues)] as const,
    );
    return [
      name,
      { file: plan?.file, about: plan?.about ?? null, params: Object.fromEntries(params) },
    ] as const;
  });
  return {
    plans: Object.fromEntries(plans),
    prompts: input.prompts ?? [],
    verify: input.verify ?? null,
    hosts: input.hosts ?? [],
    channels: {
      telegram: telegramConfig(input.channels?.telegram, issues),
      ...lineSettings(input.channels ?? {}, issues),
    },
  };
}

function telegramConfig(
  input: NonNullable<ServeInput["channels"]>["telegram"],
  issues: IssueList,
): TelegramConfig | null {
  if (input === undefined || input === null) return null;
  const { users = [], chats = [], token = null, server = null } = input;
  if (typeof token === "string" && !isAbsolute(token)) {
    const message = "`token` must be an absolute path";
    issues.add({ code: "BAD_VALUE", path: ["serve", "channels", "telegram", "token"], message });
  }
  return { users, chats, token, server };
}

function parameterOf(
  spec: ParameterInput,
  path: readonly (string | number)[],
  issues: IssueList,
): Parameter {
  const parameter = shapeOf(spec);
  const fallback = spec?.default;
  const wrong = fallback === undefined ? null : misfit(parameter, fallback);
  if (wrong !== null) {
    const message = `\`default\` must ${wrong}`;
    issues.add({ code: "BAD_VALUE", path: [...path, "default"], message });
  }
  if (spec?.type === "choice" && spec.values === undefined) {
    issues.add({ code: "MISSING_KEY", path: [...path], message: "`values` is missing" });
  }
  return parameter;
}

function shapeOf(spec: ParameterInput): Parameter {
  const about = spec?.about ?? null;
  const fallback = spec?.default;
  const max = spec?.max ?? boundDefault;
  switch (spec?.type) {
    case "number":
      return { type: "number", about, min: spec.min ?? 0, max, fallback: fallback as number };
    case "flag":
      return { type: "flag", about, fallback: fallback as boolean };
    case "choice":
      return { type: "choice", about, values: spec.values ?? [], fallback: fallback as string };
    default:
      return { type: "text", about, max, fallback: fallback as string };
  }
}

/** What a value of a parameter must be, when it is not; null when it is. */
export function misfit(parameter: Parameter, value: unknown): string | null {
  switch (parameter.type) {
    case "text": {
      const { max } = parameter;
      const fits = typeof value === "string" && value.length <= max && !value.includes("\0");
      return fits ? null : `be a text of at most ${max} characters`;
    }
    case "number": {
      const { min, max } = parameter;
      const fits = Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
      return fits ? null : `be a whole number from ${min} to ${max}`;
    }
    case "flag":
      return typeof value === "boolean" ? null : "be `true` or `false`";
    case "choice": {
      const { values } = parameter;
      const fits = typeof value === "string" && values.includes(value);
      return fits ? null : `be one of ${values.map((one) => `\`${one}\``).join(", ")}`;
    }
  }
}
