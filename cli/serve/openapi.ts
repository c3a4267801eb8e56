import { toJsonSchema } from "@valibot/to-json-schema";
import type { Route } from "./route.ts";

/** The OpenAPI document of the routes. */
export function openApi(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes.filter(({ forEverybody }) => !forEverybody)) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "ra", version, description: "The gateway of `ra serve`." },
    security: [{ token: [] }],
    paths,
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
  };
}

function operationOf({
  path,
  about,
  body,
  answers,
  takesKey,
  query = {},
  ids = {},
}: Route): object {
  const places = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    ...{ name, in: "path", required: true },
    schema: { type: "string" },
  }));
  const key = {
    ...{ name: "Idempotency-Key", in: "header", required: false },
    description: "A second request with the same key is the first one.",
    schema: { type: "string", maxLength: 200 },
  };
  const asked = [
    ...Object.entries(query).map((each) => [...each, "integer"] as const),
    ...Object.entries(ids).map((each) => [...each, "string"] as const),
  ].map(([name, description, type]) => ({
    ...{ name, in: "query", required: false, description },
    schema: { type },
  }));
  const refused = { description: "Refused, with `error.code`, `error.message` and `error.hint`." };
  const told = Object.entries(answers).map(([status, description]) => [status, { description }]);
  return {
    summary: about,
    parameters: [...places, ...asked, ...(takesKey ? [key] : [])],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            content: {
              "application/json": {
                schema: toJsonSchema(body, { target: "draft-2020-12", errorMode: "ignore" }),
              },
            },
          },
        }),
    responses: { ...Object.fromEntries(told), default: refused },
  };
}
