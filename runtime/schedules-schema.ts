/**
 * The JSON Schema behind `schedules.json`, which editors complete and check by. It is made of the schemas that
 * the runtime itself checks with.
 *
 *   node runtime/schedules-schema.ts --write     brings the committed file up to date
 */
import { join } from "node:path";
import { systemFiles } from "./doors/files.ts";
import { replaceFile } from "./durable.ts";
import { objectJsonSchema } from "./object-json-schema.ts";
import { functionsFolder, headlineOf, loadFunctions } from "./load.ts";
import { entrySchema } from "./schedule-entry.ts";

export const schemaFile = join(import.meta.dirname, "schedules.schema.json");

/** The schema as the text of its file, for the functions of a folder. */
export async function schedulesJsonSchema(folder = functionsFolder): Promise<string> {
  const entry = objectJsonSchema(entrySchema);
  const properties: Record<string, unknown> = { $schema: { type: "string" } };
  for (const [name, definition] of await loadFunctions(folder)) {
    properties[name] = {
      description: await headlineOf(name, folder),
      ...entry,
      properties: { ...entry.properties, input: objectJsonSchema(definition.input) },
    };
  }
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Hourbook's schedules",
    description: "Which functions run when, and with what input.",
    type: "object",
    properties,
    additionalProperties: false,
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

if (import.meta.main) {
  const text = await schedulesJsonSchema();
  if (process.argv.includes("--write"))
    await replaceFile(systemFiles, schemaFile, Buffer.from(text));
  else process.stdout.write(text);
}
