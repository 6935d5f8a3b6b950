/** Flat objects as JSON Schema, which flags, help and editors are made of. */
import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import type { InputSchema } from "./function.ts";

export interface Property {
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  enum?: readonly unknown[];
  items?: Property;
  [keyword: string]: unknown;
}

export interface ObjectJsonSchema {
  type: "object";
  properties: Record<string, Property>;
  required?: string[];
  additionalProperties: false;
}

/**
 * What a person may write: a duration is text, and what has a default may be left away. Checks have no JSON
 * Schema; they stay with the runtime, which has the last word anyway.
 */
export function objectJsonSchema(schema: InputSchema): ObjectJsonSchema {
  const { $schema: _dialect, ...rest } = toJsonSchema(schema, {
    typeMode: "input",
    errorMode: "ignore",
  });
  const converted = rest as unknown as ObjectJsonSchema;
  for (const [key, entry] of Object.entries(schema.entries)) {
    const description = descriptionOf(entry);
    if (description !== undefined) Object.assign(converted.properties[key] ?? {}, { description });
  }
  if (converted.required?.length === 0) delete converted.required;
  return converted;
}

// The conversion stops at the first transformation, and with it misses what is said after it.
function descriptionOf(schema: unknown): string | undefined {
  const outer = v.getDescription(schema as v.GenericSchema);
  const { wrapped } = schema as { wrapped?: unknown };
  return outer ?? (wrapped === undefined ? undefined : descriptionOf(wrapped));
}
