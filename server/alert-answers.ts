import { type AlertChange, changesOf, type StoredVersion } from '../pipeline/alert-desk/alert-history.ts';
import { alertRow } from '../pipeline/alert-desk/alert-table.ts';
import type { AlertDesk } from '../pipeline/alert-desk/desk.ts';
import type { FollowedBucket } from '../pipeline/alert-desk/follow-bucket.ts';
import { handlingOf, type StoredHandling, unhandled } from '../pipeline/alert-desk/handling.ts';
import { AUDIBLE, type Quiet } from '../pipeline/alert-desk/quiet.ts';
import type { Clock } from '../pipeline/clock.ts';
import type { Alert, Silence } from '../pipeline/contract/alerts.ts';
import { VitalsError } from '../pipeline/contract/errors.ts';
import type { AlertRow } from '../sinks/questdb/read-alerts.ts';

/** An alert as REST tells it. */
export type AlertNow = AlertRow & Quiet;

/** Alerts as the API knows them: open ones from the stream, with what people have said, a write of its own at once. */
export interface AlertAnswers {
  /** What was there at the start has been read. */
  ready(): boolean;
  open(): readonly AlertNow[];
  /** Null when it is not open. */
  alert(id: string): AlertNow | null;
  /** A row of the table with what has been said since it was written. */
  current(row: AlertRow): AlertNow;
  silences(): readonly Silence[];
  /** Open alerts that fit the matchers. */
  fitting(fits: (alert: Alert) => boolean): readonly AlertNow[];
  changes(row: AlertRow): Promise<readonly AlertChange[]>;
  /** Throws VitalsError when the bus is away. */
  handle(id: string, change: (now: StoredHandling) => StoredHandling): Promise<void>;
  /** Throws what `change` throws, and VitalsError. */
  silence(id: string, change: (now: Silence | null) => Silence): Promise<Silence>;
  forgetSilence(id: string): Promise<void>;
}

/** What the answers come from: a desk that tells nobody, and what people have said. */
export interface AlertSource {
  readonly desk: AlertDesk;
  readonly handling: Pick<FollowedBucket<StoredHandling>, 'values' | 'change'>;
  readonly silences: Pick<FollowedBucket<Silence>, 'values' | 'change' | 'remove'>;
}

export interface AlertAnswersOptions {
  readonly clock: Clock;
  /** Null until what was there at the start has been read: nothing is open then, and writing is refused. */
  readonly source: () => AlertSource | null;
  readonly versions: (alert: Pick<Alert, 'id' | 'node' | 'gpu_uuid' | 'rule'>) => Promise<readonly StoredVersion[]>;
}

export function alertAnswers(options: AlertAnswersOptions): AlertAnswers {
  const { clock } = options;
  const needed = (): AlertSource => {
    const parts = options.source();
    if (parts !== null) return parts;
    throw new VitalsError('GV-API-003', 'What people have said of alerts is still being read', 'NATS');
  };
  /** With what has begun or ended since the last look. */
  const looked = (): AlertDesk | null => {
    const desk = options.source()?.desk ?? null;
    desk?.tick(clock.now());
    return desk;
  };
  const said = (id: string): StoredHandling | undefined => options.source()?.handling.values.get(id);
  const told = (desk: AlertDesk, alert: Alert): AlertNow => ({
    ...alertRow(alert, handlingOf(alert, said(alert.id))),
    ...desk.quiet(alert.id),
  });

  return {
    ready: () => options.source() !== null,
    open() {
      const desk = looked();
      return desk === null ? [] : desk.open().map((alert) => told(desk, alert));
    },
    fitting(fits) {
      const desk = looked();
      return desk === null
        ? []
        : desk
            .open()
            .filter(fits)
            .map((alert) => told(desk, alert));
    },
    alert(id) {
      const desk = looked();
      const alert = desk?.alert(id) ?? null;
      return desk === null || alert === null || alert.state === 'closed' ? null : told(desk, alert);
    },
    current(row) {
      const desk = looked();
      const known = desk?.alert(row.id) ?? null;
      const base = desk !== null && known !== null ? told(desk, known) : { ...row, ...AUDIBLE };
      const stored = said(row.id);
      if (stored === undefined) return base;
      const { acknowledged_by, acknowledged_at, assigned_to, note } = handlingOf(base, stored);
      return { ...base, acknowledged_by, acknowledged_at, assigned_to, handling_note: note };
    },
    silences: () => [...(options.source()?.silences.values.values() ?? [])],
    changes: async (row) => changesOf(row, await options.versions(row), said(row.id)?.acts ?? []),
    async handle(id, change) {
      await needed().handling.change(id, (now) => change(now ?? unhandled(id)));
    },
    silence: (id, change) => needed().silences.change(id, change),
    forgetSilence: (id) => needed().silences.remove(id),
  };
}
