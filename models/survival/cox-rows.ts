import { VitalsError } from '../../pipeline/contract/errors.ts';
import { sortedOrder } from '../sorted-order.ts';

/** What a Cox model is fitted to. A row is an interval (start, stop] of one subject, who may have several. */
export interface CoxData {
  /** Where each row ends, in days (or any unit: that of the model). `durations` where every row begins at 0. */
  readonly stop: Float64Array;
  /** Where each row begins to be at risk (left truncation, covariates that change); absent = before all events. */
  readonly start?: Float64Array;
  /** 1 where the row ends by the event, 0 where it is censored. */
  readonly events: Uint8Array;
  /** Row by row, `names.length` numbers each, all finite. */
  readonly covariates: Float64Array;
  readonly names: readonly string[];
  /** Rows of different strata are never compared and have a baseline each. */
  readonly strata?: Int32Array;
  /** How often each row counts, at least 0. */
  readonly weights?: Float64Array;
}

/** The data in the order of the sweep, with columns that are easy on the numbers. */
export interface CoxRows {
  readonly data: CoxData;
  readonly rows: number;
  readonly columns: number;
  /** Rows by stratum, then latest stop first. */
  readonly by_stop: Uint32Array;
  /** Rows by stratum, then latest start first; null without `start`. */
  readonly by_start: Uint32Array | null;
  /** Strata in that order: `from[s]` up to `from[s + 1]` of the two orders. */
  readonly from: Uint32Array;
  readonly strata: readonly number[];
  /**
   * Column j enters as (x - shift[j]) * factor[j]: its most frequent value where half of the rows have it, so that most of
   * the products are with 0, else its mean; one over its standard deviation.
   */
  readonly shift: Float64Array;
  readonly factor: Float64Array;
  readonly means: Float64Array;
}

/** Checks and orders. Errors: GV-MDL-401 for data that no model can be fitted to. Cost O(rows log rows + rows x columns). */
export function coxRows(data: CoxData): CoxRows {
  const { stop, start, strata } = data;
  check(data);
  const rows = stop.length;
  const columns = data.names.length;
  const order = (by: Float64Array): Uint32Array => {
    const latest_first = sortedOrder(by.map((time) => -time));
    if (strata === undefined) return latest_first;
    return latest_first.sort((a, b) => (strata[a] as number) - (strata[b] as number));
  };
  const by_stop = order(stop);
  const from: number[] = [];
  const codes: number[] = [];
  by_stop.forEach((row, i) => {
    const code = strata?.[row] ?? 0;
    if (i > 0 && code === codes.at(-1)) return;
    from.push(i);
    codes.push(code);
  });
  return {
    data,
    rows,
    columns,
    by_stop,
    by_start: start === undefined ? null : order(start),
    from: Uint32Array.from([...from, rows]),
    strata: codes,
    ...columnScales(data),
  };
}

function columnScales({ covariates, weights, stop, names }: CoxData): Pick<CoxRows, 'shift' | 'factor' | 'means'> {
  const rows = stop.length;
  const columns = names.length;
  const shift = new Float64Array(columns);
  const factor = new Float64Array(columns);
  const means = new Float64Array(columns);
  for (let j = 0; j < columns; j++) {
    let weight = 0;
    let mean = 0;
    let squares = 0;
    let candidate = Number.NaN;
    let votes = 0;
    for (let i = 0; i < rows; i++) {
      const x = covariates[i * columns + j] as number;
      const w = weights?.[i] ?? 1;
      if (w > 0) {
        weight += w;
        const off = x - mean;
        mean += (off * w) / weight;
        squares += w * off * (x - mean);
      }
      if (votes === 0) candidate = x;
      votes += x === candidate ? 1 : -1;
    }
    let having = 0;
    for (let i = 0; i < rows; i++) if (covariates[i * columns + j] === candidate) having++;
    means[j] = mean;
    shift[j] = having * 2 >= rows ? candidate : mean;
    const deviation = Math.sqrt(squares / weight);
    factor[j] = deviation > 1e-12 * Math.abs(mean) ? 1 / deviation : 0;
  }
  return { shift, factor, means };
}

function check({ stop, start, events, covariates, names, strata, weights }: CoxData): void {
  const rows = stop.length;
  const columns = names.length;
  const long = (what: string, length: number | undefined, wanted: number): void => {
    if (length !== undefined && length !== wanted) throw refused(`${length} ${what} where ${wanted} are needed`);
  };
  if (columns === 0) throw refused('there is no covariate');
  long('events', events.length, rows);
  long('starts', start?.length, rows);
  long('strata', strata?.length, rows);
  long('weights', weights?.length, rows);
  long('covariates', covariates.length, rows * columns);
  let happened = 0;
  for (let i = 0; i < rows; i++) {
    const end = stop[i] as number;
    const begin = start?.[i] ?? Number.NEGATIVE_INFINITY;
    if (!Number.isFinite(end)) throw refused(`row ${i} ends at ${end}`);
    if (!(begin < end)) throw refused(`row ${i} begins at ${begin}, not before its end at ${end}`);
    const weight = weights?.[i] ?? 1;
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) throw refused(`row ${i} has the weight ${weight}`);
    if (events[i] === 1 && weight > 0) happened++;
  }
  if (happened === 0) throw refused('there is no event');
  for (let at = 0; at < covariates.length; at++) {
    const x = covariates[at] as number;
    if (x - x !== 0) throw refused(`${names[at % columns]} of row ${Math.floor(at / columns)} is ${x}`);
  }
}

export const refused = (what: string, action?: string): VitalsError =>
  new VitalsError('GV-MDL-401', `No Cox model can be fitted: ${what}`, '', action === undefined ? {} : { action });
