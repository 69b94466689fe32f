/** Samples of one target at one instant, while more of them may come. */
export class PendingInstant {
  readonly ts: number;
  /** When its first sample came, monotonic ms. */
  readonly since: number;
  /** The target has told this instant before: these came too late for it. */
  readonly late: boolean;
  length = 0;
  /** Of the series that the target's last scrape had: how many have come. */
  known = 0;
  series = new Int32Array(64);
  values = new Float64Array(64);
  #ordered = true;

  constructor(options: Pick<PendingInstant, 'ts' | 'since' | 'late'>) {
    this.ts = options.ts;
    this.since = options.since;
    this.late = options.late;
  }

  /** `series` as in SampleList: the complement of its number for a staleness marker. */
  add(series: number, value: number): void {
    const at = this.length++;
    if (at === this.series.length) this.#grow();
    if (at > 0 && series < (this.series[at - 1] as number)) this.#ordered = false;
    this.series[at] = series;
    this.values[at] = value;
  }

  /**
   * Puts the samples into the order in which their series were first met, which is that of the exporter's text: where two
   * samples contradict each other the first counts, and with several senders at once the order of arrival would change it.
   */
  order(): void {
    if (this.#ordered) return;
    const places = Array.from({ length: this.length }, (_, i) => i);
    const { series, values } = this;
    places.sort((a, b) => (series[a] as number) - (series[b] as number));
    this.series = Int32Array.from(places, (place) => series[place] as number);
    this.values = Float64Array.from(places, (place) => values[place] as number);
    this.#ordered = true;
  }

  #grow(): void {
    const longer = this.series.length * 2;
    const series = new Int32Array(longer);
    const values = new Float64Array(longer);
    series.set(this.series);
    values.set(this.values);
    this.series = series;
    this.values = values;
  }
}
