/** Numbers of state of the line: means of power and reading, their covariances, readings, power to which all is reduced. */
export const LINE_CELLS = 6;
const POWER = 0;
const READING = 1;
const POWER_POWER = 2;
const POWER_READING = 3;
const READINGS = 4;
const REFERENCE = 5;

/** The slope before anything is known: 0.05 C per W is a heat sink that takes 700 W at 35 C above its inlet. */
const SLOPE_PRIOR = 0.05;
/** Weighs like a power that varies by so many watts. */
const PRIOR_WATTS = 25;
const SLOPE_MAX = 0.3;
/** Weight of a reading once so many hours are averaged. */
const MEMORY_READINGS = 24 * 7;
/** The reference is the mean power of the first so many readings. */
const REFERENCE_READINGS = 24;

const SEASON_WEIGHT = 0.1;
export const HOURS_PER_DAY = 24;

/**
 * What a temperature would be at one power and at the day's mean hour: reading - slope x (power - reference). The slope is
 * learnt from the GPU's own readings, so that a job that comes or goes is no trend, and dust on the heat sink is one.
 *
 * State   LINE_CELLS numbers from `cells[at]`, all 0 when fresh.
 * Source  recursive least squares with forgetting and a prior (ridge), in the form of weighted covariances.
 */
export const workloadLine = {
  /** Learns from a reading at a power; NaN power teaches nothing. */
  learn(cells: Float64Array, at: number, power: number, reading: number): void {
    if (Number.isNaN(power)) return;
    const readings = (cells[at + READINGS] as number) + 1;
    const weight = 1 / Math.min(readings, MEMORY_READINGS);
    const dPower = power - (cells[at + POWER] as number);
    const dReading = reading - (cells[at + READING] as number);
    cells[at + POWER] = (cells[at + POWER] as number) + weight * dPower;
    cells[at + READING] = (cells[at + READING] as number) + weight * dReading;
    cells[at + POWER_POWER] = (1 - weight) * ((cells[at + POWER_POWER] as number) + weight * dPower * dPower);
    cells[at + POWER_READING] = (1 - weight) * ((cells[at + POWER_READING] as number) + weight * dPower * dReading);
    cells[at + READINGS] = readings;
    if (readings <= REFERENCE_READINGS) cells[at + REFERENCE] = cells[at + POWER] as number;
  },
  /** By how much a reading at this power lies above the one at the reference. */
  excess(cells: Float64Array, at: number, power: number): number {
    if (Number.isNaN(power) || cells[at + READINGS] === 0) return 0;
    const ridge = PRIOR_WATTS * PRIOR_WATTS;
    const slope =
      ((cells[at + POWER_READING] as number) + ridge * SLOPE_PRIOR) / ((cells[at + POWER_POWER] as number) + ridge);
    return Math.max(0, Math.min(SLOPE_MAX, slope)) * (power - (cells[at + REFERENCE] as number));
  },
  /** The power to which readings are reduced. */
  reference: (cells: Float64Array, at: number): number => cells[at + REFERENCE] as number,
};

/**
 * Additive profile over the hours of the day (UTC), its sum kept at 0, so that a hot afternoon is no trend.
 * State: 24 numbers from `hours[at]`, 0 when fresh.
 */
export const dayProfile = {
  of: (hours: Float32Array, at: number, ts: number): number => hours[at + hourOf(ts)] as number,
  highest(hours: Float32Array, at: number): number {
    let highest = 0;
    for (let hour = at; hour < at + HOURS_PER_DAY; hour++) highest = Math.max(highest, hours[hour] as number);
    return highest;
  },
  /** Learns from the error that was left at an hour; gives what belongs to the level instead. */
  learn(hours: Float32Array, at: number, ts: number, error: number, days: number): number {
    const step = Math.max(SEASON_WEIGHT, 1 / (days + 2)) * error;
    const cell = at + hourOf(ts);
    hours[cell] = (hours[cell] as number) + step;
    const shared = step / HOURS_PER_DAY;
    for (let hour = at; hour < at + HOURS_PER_DAY; hour++) hours[hour] = (hours[hour] as number) - shared;
    return shared;
  },
};

/** A mean over the hour that ends at `ts` belongs to the hour of its middle. */
const hourOf = (ts: number): number => Math.floor((ts - 1_800_000) / 3_600_000) % HOURS_PER_DAY;
