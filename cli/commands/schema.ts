import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import { ExitCode, RaError } from "../../core/error.ts";
import type { CommandBody } from "../command.ts";

/** `ra schema plan|events|config`: the JSON Schema (draft 7) on standard output. */
export const run: CommandBody = async ({ terminal, args }) => {
  const load = schemas[args[0] ?? ""];
  if (!load) {
    throw new RaError({
      code: "USAGE",
      exitCode: ExitCode.usage,
      message: `there is no schema \`${args[0] ?? ""}\``,
      hint: `choose one of ${Object.keys(schemas).join(", ")}`,
    });
  }
  const schema = toJsonSchema(await load(), { typeMode: "input", errorMode: "throw" });
  terminal.out(`${JSON.stringify(schema, null, 2)}\n`);
  return ExitCode.ok;
};

const schemas: { readonly [name: string]: () => Promise<GenericSchema> } = {
  plan: async () => (await import("../../core/plan/plan-schema.ts")).planSchema,
  events: async () => (await import("../../core/run/event-schema.ts")).eventSchema,
  config: async () => {
    const { configSchemaWith } = await import("../config-schema.ts");
    return configSchemaWith((await import("../serve-schema.ts")).serveSchema);
  },
};
