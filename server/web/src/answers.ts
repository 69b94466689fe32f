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
