/**
 * Samples of one request, in the order in which they came: reused, so that a sample costs no object. A staleness marker,
 * with which Prometheus tells that a series has ended, stands as the complement of its series' number.
 */
export class SampleList {
  length = 0;
  series = new Int32Array(4_096);
  ts = new Float64Array(4_096);
  values = new Float64Array(4_096);

  clear(): void {
    this.length = 0;
  }

  add(series: number, ts: number, value: number): void {
    const at = this.length++;
    if (at === this.series.length) this.#grow();
    this.series[at] = series;
    this.ts[at] = ts;
    this.values[at] = value;
  }

  #grow(): void {
    const longer = this.series.length * 2;
    const series = new Int32Array(longer);
    const ts = new Float64Array(longer);
    const values = new Float64Array(longer);
    series.set(this.series);
    ts.set(this.ts);
    values.set(this.values);
    this.series = series;
    this.ts = ts;
    this.values = values;
  }
}
