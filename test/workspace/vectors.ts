import type { Vector } from "./planting.ts";
import { hooks, repositories, variables } from "./vector-places.ts";
import { settings } from "./vector-settings.ts";

/** All of them, by kind. */
export const vectors: Readonly<Record<string, readonly Vector[]>> = {
  "a setting": settings,
  "a hook": hooks,
  "a repository": repositories,
  "the environment": variables,
};
