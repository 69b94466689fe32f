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

/** Columns that a list of the table can be asked for by. */
export const textColumns = (spec: TableSpec): readonly string[] =>
  spec.columns
    .filter(({ name, type }) => (type === 'SYMBOL' || type === 'VARCHAR') && !SENTENCES.has(name))
    .map(({ name }) => name);

/** A parameter for each, that says what the column says. */
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
