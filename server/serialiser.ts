import { z } from '@hono/zod-openapi';
import fastJson from 'fast-json-stringify';

/** A JSON writer made from a schema when it is first needed: for answers that are asked for often. */
export function serialiser(schema: z.ZodType): (value: unknown) => string {
  let write: ((value: unknown) => string) | null = null;
  return (value) => {
    write ??= fastJson(z.toJSONSchema(schema, { target: 'draft-7', override: simplify }) as fastJson.Schema);
    return write(value);
  };
}

/**
 * Instants are texts already, and a `format` would make the writer treat them as dates; `anyOf` with null would make it
 * validate every value to find the branch.
 */
function simplify({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  delete jsonSchema.format;
  delete jsonSchema.pattern;
  const branches = jsonSchema.anyOf as Record<string, unknown>[] | undefined;
  const [branch, ...others] = branches?.filter(({ type }) => type !== 'null') ?? [];
  if (branches?.length !== 2 || branch === undefined || others.length > 0) return;
  delete jsonSchema.anyOf;
  Object.assign(jsonSchema, branch, { nullable: true });
}
