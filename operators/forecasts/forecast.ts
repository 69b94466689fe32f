/**
 * What a metric of a GPU is expected to be `horizon_ms` after `ts`, at its present workload; low to high is the 80 % band.
 * `eta_ts` is when it is expected to reach `limit`: null where there is no limit, or none is reached within two weeks.
 */
export interface Forecast {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly metric: string;
  readonly horizon_ms: number;
  readonly expected: number;
  readonly low: number;
  readonly high: number;
  readonly limit: number | null;
  readonly eta_ts: number | null;
  readonly explanation: string;
}
