import { TITAN_FEATURES, type TitanFeature } from './titan-memory.ts';

type Read = (feature: TitanFeature) => number;

const COLUMN = Object.fromEntries(TITAN_FEATURES.map((name, j) => [name, j])) as Record<TitanFeature, number>;
/** Events per GPU and day below which rates are all the same. */
const RATE_MIN = 1e-6;
/** An event fades from what a GPU is known for. */
const FADING_DAYS = 90;

const level =
  (feature: TitanFeature, of: number): ((read: Read) => number) =>
  (read) =>
    read(feature) === of ? 1 : 0;
const log =
  (feature: TitanFeature): ((read: Read) => number) =>
  (read) =>
    Math.log1p(read(feature));
const rate =
  (feature: TitanFeature): ((read: Read) => number) =>
  (read) =>
    Math.log(read(feature) + RATE_MIN);
const recent =
  (feature: TitanFeature): ((read: Read) => number) =>
  (read) =>
    Number.isNaN(read(feature)) ? 0 : Math.exp(-read(feature) / FADING_DAYS);

const COVARIATES: Readonly<Record<string, (read: Read) => number>> = {
  cage_1: level('cage', 1),
  cage_2: level('cage', 2),
  node_1: level('node', 1),
  node_2: level('node', 2),
  node_3: level('node', 3),
  row: (read) => read('row'),
  log_age: log('age_days'),
  log_installed: log('installed_days'),
  insertions: (read) => read('insertions'),
  log_dbe: log('dbe'),
  log_otb: log('otb'),
  recent_event: recent('days_since_event'),
  log_place_events: log('place_events'),
  recent_place_event: recent('place_days_since_event'),
  log_blade_rate: rate('blade_rate'),
  log_chassis_rate: rate('chassis_rate'),
  log_cabinet_rate: rate('cabinet_rate'),
  log_position_rate: rate('position_rate'),
  log_made_week_rate: rate('made_week_rate'),
  log_fleet_rate: rate('fleet_rate'),
};

export const COX_NAMES: readonly string[] = Object.keys(COVARIATES);
const COMPUTE = Object.values(COVARIATES);

/** Covariates of row `row` of values in the order of TITAN_FEATURES, into `to` at `at`; NaN = unknown. */
export function coxCovariates(values: Float32Array, row: number, to: Float64Array, at: number): void {
  const from = row * TITAN_FEATURES.length;
  const read: Read = (feature) => values[from + COLUMN[feature]] as number;
  COMPUTE.forEach((compute, j) => {
    to[at + j] = compute(read);
  });
}

/** Where `feature` stands in a row. */
export const columnOf = (feature: TitanFeature): number => COLUMN[feature];
