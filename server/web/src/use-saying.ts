import { useState } from 'preact/hooks';
import { ApiError } from '../../client/api-client.ts';

/** Something that a form tells the API, and what the API has against it. */
export interface Saying {
  readonly busy: boolean;
  /** Why it was not done; empty while nothing is wrong. What belongs to a field is told there too. */
  readonly failure: string;
  /** The answer's status; 0 where there was none. */
  readonly status: number;
  /** What is wrong with a field, or with something inside it; empty when nothing is. */
  wrong(field: string): string;
  /** True when it was done. */
  say(work: () => Promise<unknown>): Promise<boolean>;
  forget(): void;
}

export function useSaying(): Saying {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const errors = error instanceof ApiError ? (error.problem.errors ?? []) : [];
  return {
    busy,
    failure: error === null ? '' : error.message,
    status: error instanceof ApiError ? error.status : 0,
    wrong: (field) =>
      errors
        .filter((one) => one.field === field || one.field.startsWith(`${field}.`))
        .map(({ detail }) => detail)
        .join('; '),
    async say(work) {
      setBusy(true);
      setError(null);
      try {
        await work();
        return true;
      } catch (thrown) {
        setError(thrown as Error);
        return false;
      } finally {
        setBusy(false);
      }
    },
    forget: () => setError(null),
  };
}
