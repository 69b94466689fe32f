import { alertRoutesSchema } from '../pipeline/alert-desk/alert-routes.ts';
import { alertDesk } from '../pipeline/alert-desk/desk.ts';
import { emptyDesk } from '../pipeline/alert-desk/desk-state.ts';
import { handlingOf, type StoredHandling } from '../pipeline/alert-desk/handling.ts';
import { DEFAULT_INHIBITIONS } from '../pipeline/alert-desk/inhibitions.ts';
import type { Clock } from '../pipeline/clock.ts';
import type { Alert, Silence } from '../pipeline/contract/alerts.ts';
import { type AlertAnswers, alertAnswers } from './alert-answers.ts';

/** Alerts in memory, with no bus: `take` is what the stream would bring. */
export function memoryAlerts(clock: Clock): AlertAnswers & { take(alert: Alert): void } {
  const handling = memoryBucket<StoredHandling>();
  const silences = memoryBucket<Silence>();
  const taken: Alert[] = [];
  const desk = alertDesk(
    {
      route: alertRoutesSchema.parse({ channels: [] }),
      inhibitions: DEFAULT_INHIBITIONS,
      channels: [],
      handling: (alert) => handlingOf(alert, handling.values.get(alert.id)),
      silences: () => silences.values.values(),
      maintained: () => false,
      console: '',
      simulated: false,
    },
    emptyDesk(),
  );
  const changing = <T>(bucket: MemoryBucket<T>): MemoryBucket<T> => ({
    ...bucket,
    async change(key, next) {
      const made = await bucket.change(key, next);
      desk.worldChanged();
      return made;
    },
  });
  const source = { desk, handling: changing(handling), silences: changing(silences) };
  const answers = alertAnswers({
    clock,
    source: () => source,
    versions: async ({ id }) =>
      taken.filter((one) => one.id === id).map((alert) => ({ alert, arrived_at: alert.opened_at + 1_000 })),
  });
  return {
    ...answers,
    take(alert) {
      taken.push(alert);
      desk.take(alert, clock.now());
    },
  };
}

interface MemoryBucket<T> {
  readonly values: Map<string, T>;
  change(key: string, next: (now: T | null) => T): Promise<T>;
  remove(key: string): Promise<void>;
}

function memoryBucket<T>(): MemoryBucket<T> {
  const values = new Map<string, T>();
  return {
    values,
    async change(key, next) {
      const made = next(values.get(key) ?? null);
      values.set(key, made);
      return made;
    },
    async remove(key) {
      values.delete(key);
    },
  };
}
