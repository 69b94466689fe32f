import type { Scrape } from '../../contract/scrape.ts';
import { SampleGatherer, type SampleTexts } from '../sample-gatherer.ts';
import { PendingInstant } from './pending-instant.ts';
import type { Series, SeriesTable } from './series-table.ts';

export interface TargetInstantsOptions {
  /** What tells targets apart: its host, its labels `job` and `instance`, and those of the sender. */
  readonly key: string;
  /** Node of samples whose labels name no host. */
  readonly fallback_node: string;
  readonly table: SeriesTable<TargetInstants>;
}

/** A target's scrape, put together. */
export interface ToldScrape {
  readonly target: TargetInstants;
  /** The instant that Prometheus gave it. */
  readonly ts: number;
  readonly late: boolean;
  readonly scrapes: readonly Scrape[];
}

/**
 * Puts the samples of one target of Prometheus together to scrapes again: it deals the series of a scrape out over several
 * senders and requests, but a scrape's samples share one instant, and each series comes in the order of time.
 *
 * An instant is complete when every series of the target's last scrape has come, or has ended by a staleness marker; then all
 * instants before it are complete too. What is still incomplete when the caller waits no longer is told as it is. What comes after that is
 * told on its own, as late. State: the samples that wait, 12 B each, and the gatherer's rows.
 */
export class TargetInstants {
  readonly key: string;
  /** Set while a request has touched it. */
  touched = false;
  /** Samples that wait. */
  waiting = 0;
  readonly #options: TargetInstantsOptions;
  readonly #gatherer = new SampleGatherer();
  /** Counts how often the gatherer has begun anew. */
  #epoch = 0;
  /** Oldest first. */
  #pending: PendingInstant[] = [];
  #newest: PendingInstant | null = null;
  #members: number[] = [];
  #told_ts = Number.NEGATIVE_INFINITY;

  constructor(options: TargetInstantsOptions) {
    this.key = options.key;
    this.#options = options;
  }

  /** When the first sample came of those that wait longest; infinite when none wait. */
  get since(): number {
    return this.#pending.reduce((first, instant) => Math.min(first, instant.since), Number.POSITIVE_INFINITY);
  }

  /** Takes a sample of a series of this target, newer than the series' last one. `sample` as in SampleList. */
  add(sample: number, ts: number, value: number, now: number): void {
    let instant = this.#newest;
    if (instant === null || instant.ts !== ts) {
      instant = this.#at(ts, now);
      this.#newest = instant;
    }
    const id = sample < 0 ? ~sample : sample;
    if (this.#options.table.alive[id] === 1) instant.known++;
    instant.add(sample, value);
    this.waiting++;
  }

  /** What can be told, oldest first: what is complete, and what has waited since `overdue` or before. */
  complete(overdue: number): ToldScrape[] {
    const told: ToldScrape[] = [];
    // What is told may make the next one complete: it shows which series there are.
    for (let more = this.#complete(overdue); more.length > 0; more = this.#complete(overdue)) {
      for (const one of more) told.push(one);
    }
    return told.filter(({ scrapes }) => scrapes.length > 0);
  }

  #complete(overdue: number): ToldScrape[] {
    const pending = this.#pending;
    const expected = this.#members.length;
    let last = -1;
    for (let i = 0; i < pending.length; i++) {
      const { known, since, late } = pending[i] as PendingInstant;
      if (since <= overdue || (!late && expected > 0 && known >= expected)) last = i;
    }
    return this.#tell(last);
  }

  /** All instants up to `ts`, as they are. */
  upTo(ts: number): ToldScrape[] {
    let last = -1;
    for (let i = 0; i < this.#pending.length; i++) if ((this.#pending[i] as PendingInstant).ts <= ts) last = i;
    return this.#tell(last);
  }

  /** Series whose samples wait are not to be let go of: they count as heard. */
  hearWaiting(now: number): void {
    const { heard_at } = this.#options.table;
    for (const { series, length } of this.#pending) {
      for (let i = 0; i < length; i++) {
        const sample = series[i] as number;
        heard_at[sample < 0 ? ~sample : sample] = now;
      }
    }
  }

  /** Series that the table has let go of. */
  forget(gone: ReadonlySet<number>): void {
    this.#members = this.#members.filter((id) => !gone.has(id));
  }

  #at(ts: number, now: number): PendingInstant {
    const pending = this.#pending;
    let place = pending.length;
    while (place > 0 && (pending[place - 1] as PendingInstant).ts > ts) place--;
    const known = pending[place - 1];
    if (known?.ts === ts) return known;
    const instant = new PendingInstant({
      ts,
      since: now,
      late: ts <= this.#told_ts,
    });
    pending.splice(place, 0, instant);
    return instant;
  }

  #tell(last: number): ToldScrape[] {
    if (last < 0) return [];
    const told = this.#pending.splice(0, last + 1).map((instant) => this.#scrape(instant));
    this.#newest = null;
    const { alive } = this.#options.table;
    for (const instant of this.#pending) {
      instant.known = 0;
      for (let i = 0; i < instant.length; i++) {
        const sample = instant.series[i] as number;
        if (alive[sample < 0 ? ~sample : sample] === 1) instant.known++;
      }
    }
    return told;
  }

  #scrape(instant: PendingInstant): ToldScrape {
    const { ts, late } = instant;
    this.waiting -= instant.length;
    instant.order();
    this.#learnMembers(instant);
    this.#told_ts = Math.max(this.#told_ts, ts);
    const scrapes = this.#gather(instant);
    return { target: this, ts, late, scrapes };
  }

  /** The series of this scrape are those that the next one is expected to have. */
  #learnMembers(instant: PendingInstant): void {
    const { alive } = this.#options.table;
    if (!instant.late) {
      for (const id of this.#members) alive[id] = 0;
      this.#members = [];
    }
    for (let i = 0; i < instant.length; i++) {
      const sample = instant.series[i] as number;
      const id = sample < 0 ? ~sample : sample;
      const before = alive[id] === 1;
      if (sample < 0 && before) this.#members.splice(this.#members.indexOf(id), 1);
      else if (sample >= 0 && !before) this.#members.push(id);
      alive[id] = sample < 0 ? 0 : 1;
    }
  }

  #gather(instant: PendingInstant): Scrape[] {
    const gatherer = this.#gatherer;
    const { table, fallback_node } = this.#options;
    const texts: SampleTexts = { text: (id, at) => `${table.text(id)} ${numberText(instant.values[at] as number)}` };
    gatherer.begin(fallback_node, texts);
    let samples = 0;
    for (let i = 0; i < instant.length; i++) {
      const id = instant.series[i] as number;
      if (id < 0) continue;
      const { block, name } = table.series[id] as Series<TargetInstants>;
      if (block.gathered_since !== this.#epoch) {
        block.gathered = gatherer.block(block.identity);
        block.gathered_since = this.#epoch;
      }
      gatherer.take(block.gathered, name.column, instant.values[i] as number, id, i);
      samples++;
    }
    const scrapes = samples === 0 ? [] : gatherer.finish(instant.ts);
    if (gatherer.blocks.length > 4 * gatherer.used + 64) {
      gatherer.forget();
      this.#epoch++;
    }
    return scrapes;
  }
}

/** As exposition text spells it. */
const numberText = (value: number): string =>
  Number.isNaN(value) ? 'NaN' : value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
