import type { Scrape } from '../contract/scrape.ts';

/** What the scrapes of a collector held, since its start. */
export class ScrapeTally {
  /** One GPU or instance at one instant, and its values that were present. */
  rows = 0;
  samples = 0;
  /** Values, lines and rows that were refused. */
  refusals = 0;
  /** Neither a value nor refused: said to be none, and of metrics that are not ours. */
  blanks = 0;
  unknown_metrics = 0;

  add(scrape: Scrape): void {
    this.rows += scrape.gpus.length;
    this.refusals += scrape.refusals.length;
    this.blanks += scrape.blanks;
    this.unknown_metrics += scrape.unknown_metrics;
    for (const { values } of scrape.gpus) {
      for (let m = 0; m < values.length; m++) if (!Number.isNaN(values[m])) this.samples++;
    }
  }
}
