import type { Alert, AlertHandling } from '../../../pipeline/contract/alerts.ts';
import type { Episode, Forecast, HealthScore, Incident } from '../../../pipeline/contract/events.ts';
import type { Decision, FailureLabel, Prediction } from '../../../pipeline/contract/predictions.ts';

type Instant<T> = null extends T ? string | null : string;

/** A row as REST answers it: the row's own fields, instants as ISO texts. */
type Answer<Row> = {
  readonly [Name in keyof Row]: Name extends 'ts' | `${string}_ts` | `${string}_at` ? Instant<Row[Name]> : Row[Name];
};

export type HealthAnswer = Answer<HealthScore>;
export type EpisodeAnswer = Answer<Episode>;
export type IncidentAnswer = Answer<Incident>;
export type ForecastAnswer = Answer<Forecast>;
export type PredictionAnswer = Answer<Prediction>;
export type DecisionAnswer = Answer<Decision>;
export type LabelAnswer = Answer<FailureLabel>;
/** A failure that a person may confirm or reject. */
export type SuggestionAnswer = Omit<LabelAnswer, 'ts' | 'status'>;
/** An alert as REST and the live server tell it: with what people said of it, and what keeps it from being told. */
export type AlertAnswer = Answer<
  Omit<Alert, 'gpus'> &
    Pick<AlertHandling, 'acknowledged_by' | 'acknowledged_at' | 'assigned_to'> & {
      readonly handling_note: string;
      /** Id of the silence, `asset` for the inventory, or empty. */
      readonly silenced_by: string;
      /** Id of the alert that explains it, or empty. */
      readonly inhibited_by: string;
    }
>;
