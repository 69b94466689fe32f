import { z } from '@hono/zod-openapi';
import type { TableSpec } from '../pipeline/contract/table-spec.ts';
import { textParameter } from './list-query.ts';

/** Sentences that we write: nobody asks for one to the letter. */
const SENTENCES: ReadonlySet<string> = new Set([
  'explanation',
  'rationale',
  'summary',
  'action_text',
  'formula',
  'handling_note',
]);

const wholeNumber = (description: string) =>
  z
    .string()
    .regex(/^-?\d{1,15}$/, 'Must be a whole number')
    .transform(Number)
    .optional()
    .openapi({ type: 'integer', description });

/** A parameter for each column that a list of the table can be asked for by: all but measures, instants, lists and sentences. */
export function columnFilters(spec: TableSpec): Record<string, z.ZodType> {
  const filters = spec.columns.flatMap(({ name, type, help }): [string, z.ZodType][] => {
    if (SENTENCES.has(name)) return [];
    if (type === 'SYMBOL' || type === 'VARCHAR') return [[name, textParameter(help)]];
    if (type === 'LONG') return [[name, wholeNumber(help)]];
    return type === 'TRISTATE' ? [[name, z.enum(['true', 'false']).optional().openapi({ description: help })]] : [];
  });
  return Object.fromEntries(filters);
}

/** A parameter for each of these columns of texts, that says what the column says. */
export const textFilters = <N extends string>(
  spec: TableSpec,
  names: readonly N[],
): Record<N, ReturnType<typeof textParameter>> => {
  const helps = new Map(spec.columns.map(({ name, help }) => [name, help]));
  return Object.fromEntries(names.map((name) => [name, textParameter(helps.get(name) ?? name)])) as Record<
    N,
    ReturnType<typeof textParameter>
  >;
};
