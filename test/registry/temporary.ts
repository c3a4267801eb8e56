import { join } from "node:path";
import { Registry, type RegistryOptions } from "../../core/registry/registry.ts";
import { onTestEnd, temporaryDirectory } from "../support/leftovers.ts";

/** A state directory of the test's own. */
export function stateDirectory(): string {
  return join(temporaryDirectory("ra-registry"), "ra");
}

/** An open registry that is closed after the test. */
export async function openRegistry(
  stateDir = stateDirectory(),
  options: RegistryOptions = {},
): Promise<Registry> {
  const registry = await Registry.open({ stateDir }, options);
  onTestEnd(() => registry.close());
  return registry;
}
