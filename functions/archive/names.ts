/** Names that become part of a path, as a person types them. */
import * as v from "valibot";

/** Of a recording machine, a venue: what `HOURBOOK_COLLECTOR` takes. */
export const pathName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9-]+$/, 'write letters, digits and "-" only'),
);
