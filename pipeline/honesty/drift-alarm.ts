/** Something about a model that is no longer as it was. */
export interface DriftAlarm {
  /** Event time from which on it is known, epoch ms. */
  readonly at: number;
  /** prediction: what it says is spread otherwise; loss: it is wrong more often. */
  readonly what: 'prediction' | 'loss';
  readonly figure: number;
  readonly limit: number;
  readonly explanation: string;
}
