/** An item of GET /models/performance, as far as the console shows it. */
export interface PerformanceAnswer {
  readonly model_name: string;
  readonly model_version: string;
  readonly horizon_days: number;
  readonly from: string;
  readonly to: string;
  readonly predictions: number;
  readonly settled: number;
  readonly gpus: number;
  readonly failures: number;
  readonly failures_in_time: number;
  readonly failure_share: number | null;
  readonly threshold: number;
  readonly threshold_source: 'given' | 'learned' | 'prior';
  readonly precision: number | null;
  readonly recall: number | null;
  readonly lead_time_days: { readonly low: number; readonly median: number; readonly high: number } | null;
  readonly brier: { readonly score: number } | null;
  readonly calibration_error: number | null;
  readonly auc: number | null;
  readonly calibration: readonly {
    readonly mean_predicted: number;
    readonly observed: number;
    readonly low: number;
    readonly high: number;
    readonly predictions: number;
  }[];
  readonly alarms: readonly { readonly at: string; readonly explanation: string }[];
}
