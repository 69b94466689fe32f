/** A metric over time: readings, or averages with the lowest and highest of each bucket. */
export interface SeriesColumn {
  readonly value: (number | null)[];
  readonly low: (number | null)[];
  readonly high: (number | null)[];
}

export interface HistoryRow {
  readonly ts: string;
  readonly [column: string]: string | number | null | undefined;
}

const numberOf = (value: string | number | null | undefined): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

/** Rows nearer than this are neighbours in any case, seconds. */
const GAP_S = { raw: 60, '1m': 150, '5m': 750, '1h': 9_000 } as const;

/**
 * Chosen metrics of one GPU over time, as columns that a plot takes as they are: history from the API, then live samples.
 * Where rows are missing, a row of nothing is put in, so that no line bridges a silence: a distance of more than four
 * times the usual one around it, for a fleet's past and its present can have different paces.
 */
export class Series {
  /** Epoch seconds, ascending. */
  readonly times: number[] = [];
  readonly columns: ReadonlyMap<string, SeriesColumn>;
  /** Whether low and high differ from value: the history came from a rollup. */
  readonly bands: boolean;
  private readonly resolution: keyof typeof GAP_S;
  /** Distances of the newest rows, without silences. */
  private steps: number[] = [];

  constructor(options: {
    readonly metrics: readonly string[];
    readonly rows: readonly HistoryRow[];
    readonly resolution: keyof typeof GAP_S;
  }) {
    const { metrics, rows, resolution } = options;
    this.bands = resolution !== 'raw';
    this.columns = new Map(metrics.map((name) => [name, { value: [], low: [], high: [] }]));
    const times = rows.map(({ ts }) => Date.parse(ts) / 1_000);
    this.resolution = resolution;
    const steps = times.slice(1).map((time, i) => time - (times[i] ?? time));
    rows.forEach((row, i) => {
      const usual = Math.max(
        median(steps.slice(Math.max(0, i - 4), Math.max(0, i - 1))),
        median(steps.slice(i, i + 3)),
      );
      this.add(times[i] ?? Number.NaN, usual, (name, column) => {
        const value = numberOf(row[this.bands ? `${name}_avg` : name]);
        column.value.push(value);
        column.low.push(this.bands ? numberOf(row[`${name}_min`]) : value);
        column.high.push(this.bands ? numberOf(row[`${name}_max`]) : value);
      });
    });
  }

  get last(): number | null {
    return this.times.at(-1) ?? null;
  }

  /** Adds a live sample; one that is not newer than the last is left out. False when rows are missing in between. */
  append(ts: number, readings: Readonly<Record<string, unknown>>): boolean {
    const at = ts / 1_000;
    const last = this.last;
    if (Number.isNaN(at) || (last !== null && at <= last)) return true;
    const usual = median(this.steps);
    const whole = last === null || at - last <= this.gap(usual);
    this.add(at, usual, (name, column) => {
      const value = numberOf(readings[name] as number | undefined);
      column.value.push(value);
      column.low.push(value);
      column.high.push(value);
    });
    return whole;
  }

  has(name: string): boolean {
    return this.columns.get(name)?.value.some((value) => value !== null) ?? false;
  }

  /** Rows further apart than this are not neighbours. */
  private gap(usual_s: number): number {
    return Math.max(GAP_S[this.resolution], 4 * usual_s);
  }

  private add(at: number, usual_s: number, fill: (name: string, column: SeriesColumn) => void): void {
    const last = this.last;
    if (Number.isNaN(at) || (last !== null && at <= last)) return;
    if (last !== null && at - last <= this.gap(usual_s)) {
      this.steps = [...this.steps.slice(-2), at - last];
    } else if (last !== null) {
      this.times.push(last + 1);
      for (const column of this.columns.values()) {
        column.value.push(null);
        column.low.push(null);
        column.high.push(null);
      }
    }
    this.times.push(at);
    for (const [name, column] of this.columns) fill(name, column);
  }
}

/** The middle one; 0 of none. */
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
