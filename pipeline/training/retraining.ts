import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import { VitalsError } from '../contract/errors.ts';
import { type DurationMs, days } from '../contract/time.ts';

export interface RetrainingOptions {
  readonly registry: Pick<ModelRegistry, 'list'>;
  /** Event time between two trainings; 0 = never. */
  readonly every: DurationMs;
  /** Newest event time; NaN while nothing came. */
  readonly event_time: () => number;
  /** When drift was last seen, event time; NaN: never. */
  readonly drift_at: () => Promise<number>;
  /** Trains, in a process of its own; rejects with VitalsError. */
  readonly train: () => Promise<void>;
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
}

export interface Retraining {
  /** Looks whether it is time, and trains if so; at most one at a time. */
  look(): Promise<void>;
}

/** Drift asks for a new model at once, but not again and again. */
const DRIFT_EVERY = days(1);

/**
 * Trains on a schedule of event time: `every` after what the newest version has learned from, or once drift was seen since,
 * at most daily. Where it stands is in the registry, so a restart changes nothing. Too little history is told once and
 * tried again an interval later.
 */
export function retraining(options: RetrainingOptions): Retraining {
  const { registry, every, event_time, say, tell } = options;
  let working: Promise<void> | null = null;
  let tried = Number.NEGATIVE_INFINITY;
  let began = Number.NaN;

  const due = async (now: number): Promise<string | null> => {
    const versions = await registry.list();
    const learned = versions.reduce((newest, { lineage }) => Math.max(newest, lineage.data_to ?? newest), began);
    const last = Math.max(learned, tried);
    if (now - last >= every) return 'the interval is over';
    const drift = await options.drift_at();
    return drift > last && now - last >= DRIFT_EVERY ? 'drift was seen' : null;
  };

  const run = async (): Promise<void> => {
    const now = event_time();
    if (every <= 0 || Number.isNaN(now)) return;
    if (Number.isNaN(began)) began = now;
    const why = await due(now);
    if (why === null) return;
    tried = now;
    say(`models: training, ${why}`);
    try {
      await options.train();
    } catch (cause) {
      const error =
        cause instanceof VitalsError ? cause : new VitalsError('GV-CLI-004', String(cause), 'training', { cause });
      // That there is not enough yet is no trouble.
      if (error.code === 'GV-MDL-303') say(`models: no training, ${error.message}`);
      else tell(error);
    }
  };

  return {
    look() {
      working ??= run()
        .catch((cause: unknown) => {
          tell(
            cause instanceof VitalsError ? cause : new VitalsError('GV-CLI-004', String(cause), 'training', { cause }),
          );
        })
        .finally(() => {
          working = null;
        });
      return working;
    },
  };
}
