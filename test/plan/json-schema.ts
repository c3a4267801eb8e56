/** The parts of JSON Schema that `ra schema` uses. */
interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly propertyNames?: JsonSchema;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** Whether a value fits a schema, as an editor would see it. */
export function fits(schema: JsonSchema, value: unknown): boolean {
  if ("const" in schema && value !== schema.const) return false;
  if (schema.enum && !schema.enum.includes(value)) return false;
  if (schema.anyOf && !schema.anyOf.some((option) => fits(option, value))) return false;
  if (schema.type !== undefined && !hasType(schema.type, value)) return false;
  if (typeof value === "string") return fitsText(schema, value);
  if (typeof value === "number") {
    return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity);
  }
  if (Array.isArray(value)) {
    const inside =
      value.length >= (schema.minItems ?? 0) && value.length <= (schema.maxItems ?? Infinity);
    return inside && value.every((item) => !schema.items || fits(schema.items, item));
  }
  return typeof value !== "object" || value === null || fitsMap(schema, value);
}

function hasType(type: string, value: unknown): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  return typeof value === type && !Array.isArray(value);
}

function fitsText(schema: JsonSchema, text: string): boolean {
  const { minLength = 0, maxLength = Infinity, pattern } = schema;
  const inside = text.length >= minLength && text.length <= maxLength;
  return inside && (pattern === undefined || new RegExp(pattern, "u").test(text));
}

function fitsMap(schema: JsonSchema, map: object): boolean {
  const { properties = {}, required = [], additionalProperties = true, propertyNames } = schema;
  if (required.some((key) => !Object.hasOwn(map, key))) return false;
  return Object.entries(map).every(([key, value]) => {
    const own = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (own) return fits(own, value);
    if (propertyNames && !fits(propertyNames, key)) return false;
    if (typeof additionalProperties === "boolean") return additionalProperties;
    return fits(additionalProperties, value);
  });
}
