import { idPattern } from "./schema.ts";
import type { Path } from "./source.ts";

/** A map as it stands in a file, before anybody knows whether it fits. */
export type Raw = Readonly<Record<string, unknown>>;

/** As much of a task as can be read while other parts of it may be wrong. */
export interface Draft {
  readonly path: Path;
  readonly raw: Raw;
  /** False when something else stands where a task should: `raw` is empty then. */
  readonly isMap: boolean;
  /** Null when it is missing or has the wrong type. */
  readonly id: string | null;
  readonly deps: readonly { readonly id: string; readonly path: Path }[];
}

/** Reads what can be read of a list of tasks. */
export function readDrafts(tasks: unknown): readonly Draft[] {
  if (!Array.isArray(tasks)) return [];
  return tasks.map((raw: unknown, i) => {
    const path: Path = ["tasks", i];
    const map = asMap(raw);
    const list: readonly unknown[] = Array.isArray(map.deps) ? map.deps : [];
    const deps = list.flatMap((dep, j) => {
      const id = idText(dep);
      return id === null ? [] : [{ id, path: [...path, "deps", j] }];
    });
    return { path, raw: map, isMap: map === raw, id: idText(map.id), deps };
  });
}

/** The value when it is a map, else an empty one. */
export function asMap(value: unknown): Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}

/** The value when it is a text that is not empty. */
export function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** An id as text; null when the value can be none. */
export function idText(value: unknown): string | null {
  if (typeof value === "string") return value;
  return Number.isSafeInteger(value) && (value as number) >= 0 ? String(value) : null;
}

/** True for a text that may be a task's id. */
export function isId(text: string): boolean {
  return idPattern.test(text);
}
