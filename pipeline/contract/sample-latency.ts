import { type FillingHistogram, histogram } from './histogram.ts';

/** How far a sample is on its way, counted from its scrape: in the stream, through the steps, in the database, at sockets. */
export type LatencyStage = 'arrived' | 'processed' | 'stored' | 'live';

/** From a loopback's few milliseconds to what is no longer live. */
const LE_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** What is older is a past that is told later, what is younger has another clock: neither says how fast we are. */
const AGE_MAX_MS = 900_000;
const AHEAD_MAX_MS = 1_000;

/** Time from scrapes to a stage. A sample that the exporter's clock puts up to a second ahead counts as 0. */
export class SampleLatency {
  private readonly stages = new Map<LatencyStage, FillingHistogram>();

  observe(stage: LatencyStage, ts: number, at: number, samples = 1): void {
    const age_ms = at - ts;
    if (!(age_ms <= AGE_MAX_MS && age_ms >= -AHEAD_MAX_MS)) return;
    let one = this.stages.get(stage);
    if (one === undefined) {
      one = histogram(LE_S);
      this.stages.set(stage, one);
    }
    one.observe(Math.max(0, age_ms) / 1_000, samples);
  }

  /** As parts tell it on `vitals.metrics.<source>`. */
  told(): readonly { readonly labels: { readonly stage: LatencyStage }; readonly histogram: FillingHistogram }[] {
    return [...this.stages].map(([stage, one]) => ({ labels: { stage }, histogram: one }));
  }
}
