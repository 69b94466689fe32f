import { useMemo } from 'preact/hooks';
import type { GetOperations } from '../../client/api-client.ts';
import { api } from './api.ts';
import { type Answered, useAnswer } from './use-answer.ts';

const EVERY_MS = 60_000;
const LISTED_MAX = 1_000;

/** Every version of a model that is known, asked for anew when `told` changes. */
export const useModels = (told: number): Answered<GetOperations['/api/v1/models']['answer']> =>
  useAnswer((signal) => api.get('/api/v1/models', { query: { limit: LISTED_MAX }, signal }), {
    about: String(told),
    every_ms: EVERY_MS,
  });

/** By version, what a model learned from. */
export function useOrigins(): ReadonlyMap<string, string> {
  const { value } = useModels(0);
  return useMemo(() => new Map(value?.items.map(({ version, trained_on }) => [version, trained_on])), [value]);
}
