import type { ModelManifest, Trigger } from '../../models/registry/manifest.ts';
import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import { VitalsError } from '../contract/errors.ts';
import { type DurationMs, days } from '../contract/time.ts';
import type { DriftSeen } from './drift-seen.ts';

/** Why there is to be a training. */
export interface TrainingCause {
  readonly what: Trigger;
  readonly why: string;
}

export interface RetrainingOptions {
  readonly registry: Pick<ModelRegistry, 'list'>;
  /** Event time between two trainings; 0 = never. */
  readonly every: DurationMs;
  /** Newest event time; NaN while nothing came. */
  readonly event_time: () => number;
  /** The newest drift of each kind, by the event time now; empty while there is none. */
  readonly drift: (now: number) => Promise<readonly DriftSeen[]>;
  /** Trains, in a process of its own; rejects with VitalsError. */
  readonly train: (cause: TrainingCause) => Promise<void>;
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
 * at most daily. That the features of the fleet have moved asks once for each model that judges: until another one does, what can
 * be learned from it has been learned. Where it stands is in the registry, so a restart changes nothing. Too little history is
 * told once and tried again an interval later.
 */
export function retraining(options: RetrainingOptions): Retraining {
  const { registry, every, event_time, say, tell } = options;
  let working: Promise<void> | null = null;
  let tried = Number.NEGATIVE_INFINITY;
  let began = Number.NaN;
  /** When there was last too little to learn from. */
  let too_little = Number.NEGATIVE_INFINITY;
  /** Models whose features have asked; the registry knows it of champions, this of what judges beside them. */
  const answered_for = new Set<string>();
  const answered = ({ what, model }: DriftSeen, versions: readonly ModelManifest[]): boolean =>
    what === 'features' &&
    (answered_for.has(model) ||
      versions.some(({ lineage }) => lineage.trigger?.what === 'features' && lineage.trigger.model === model));

  const due = async (now: number): Promise<TrainingCause | DriftSeen | null> => {
    const versions = await registry.list();
    const learned = versions.reduce((newest, { lineage }) => Math.max(newest, lineage.data_to ?? newest), began);
    const last = Math.max(learned, tried);
    if (now - last >= every) return { what: 'schedule', why: 'the interval is over' };
    const seen = await options.drift(now);
    if (now - last < DRIFT_EVERY || now - too_little < every) return null;
    const asks = seen.filter((drift) => drift.at > last && !answered(drift, versions));
    return asks.reduce<DriftSeen | null>(
      (newest, drift) => (newest === null || drift.at > newest.at ? drift : newest),
      null,
    );
  };

  const run = async (): Promise<void> => {
    const now = event_time();
    if (every <= 0 || Number.isNaN(now)) return;
    if (Number.isNaN(began)) began = now;
    const cause = await due(now);
    if (cause === null) return;
    tried = now;
    say(`models: training, ${cause.why}`);
    try {
      await options.train(cause);
      if ('model' in cause && cause.what === 'features') answered_for.add(cause.model);
    } catch (failure) {
      const error =
        failure instanceof VitalsError
          ? failure
          : new VitalsError('GV-CLI-004', String(failure), 'training', { cause: failure });
      // That there is not enough yet is no trouble.
      if (error.code === 'GV-MDL-303') {
        too_little = now;
        say(`models: no training, ${error.message}`);
      } else tell(error);
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
