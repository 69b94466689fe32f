import type { FeatureDriftAnswer } from '../../schemas-models.ts';
import type { List } from './rest.ts';

/** GET /models/drift. */
export interface DriftAnswer extends List<FeatureDriftAnswer> {
  readonly model_name: string;
  readonly model_version: string;
  readonly trained_on: string;
  readonly at: string | null;
  readonly gpus: number;
  readonly alarms: number;
}
