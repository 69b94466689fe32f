import { causeId } from '../../contract/ids.ts';
import type { SeriesIdentity } from '../exposition-labels.ts';
import type { Safety } from '../spool-sender.ts';
import { DecoderV1 } from './decode-v1.ts';
import { DecoderV2 } from './decode-v2.ts';
import { DecodedRequest } from './decoded-request.ts';
import { ProtoError } from './proto-reader.ts';
import type {
  RemoteWriteCounters,
  RemoteWriteOptions,
  RemoteWriteOutcome,
  RemoteWriteVersion,
} from './remote-write-options.ts';
import { NEW_TARGET_BYTES, NoRoomError, SeriesRoom, TARGET_BYTES } from './series-room.ts';
import { type Series, SeriesTable } from './series-table.ts';
import { SnappyBlocks, SnappyError } from './snappy-block.ts';
import { TargetInstants, type ToldScrape } from './target-instants.ts';
import { targetKey } from './target-key.ts';
import { ToldInstants } from './told-instants.ts';

const MIB = 1_048_576;
const WAIT_MS = 6_000;
const HOUR_MS = 3_600_000;
const SWEEP_EVERY_MS = 60_000;
const SILENT_MS = 15 * 60_000;

export interface RemoteWriteReceiverOptions extends RemoteWriteOptions {
  /** A request that is about to be taken, before it changes anything. What it throws puts the request off. */
  readonly onTaking?: (packed: Uint8Array, version: RemoteWriteVersion) => void;
  /** A scrape has become safe. */
  readonly onSafe?: (target: string, ts: number) => void;
}

/**
 * Takes requests of Prometheus' remote write and publishes the scrapes that they are parts of: same rows as when the
 * exporters are scraped. A request is taken whole or not at all. Never throws for what a request holds.
 */
export class RemoteWriteReceiver {
  readonly #options: RemoteWriteReceiverOptions;
  readonly #future_max_ms: number;
  readonly #wait_ms: number;
  readonly #blocks: SnappyBlocks;
  readonly #room: SeriesRoom;
  readonly #table: SeriesTable<TargetInstants>;
  readonly #v1: DecoderV1<TargetInstants>;
  readonly #v2: DecoderV2<TargetInstants>;
  readonly #decoded = new DecodedRequest();
  readonly #targets = new Map<string, TargetInstants>();
  readonly #told = new ToldInstants();
  /** Targets with instants that wait. */
  readonly #waiting = new Set<TargetInstants>();
  #waiting_samples = 0;
  /** When a request was last put off: what waits, waits for that one too. */
  #put_off_at = Number.NEGATIVE_INFINITY;
  #newest_ts = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #swept_at: number;
  readonly #count = {
    requests: 0,
    samples: 0,
    other_samples: 0,
    repeated_samples: 0,
    invalid_samples: 0,
    histograms: 0,
    exemplars: 0,
    scrapes: 0,
    late_scrapes: 0,
    put_off: 0,
    unreadable: 0,
  };

  constructor(options: RemoteWriteReceiverOptions) {
    this.#options = options;
    this.#future_max_ms = options.future_max_ms ?? HOUR_MS;
    this.#wait_ms = options.wait_ms ?? WAIT_MS;
    this.#blocks = new SnappyBlocks({ size_max_bytes: options.size_max_bytes ?? 64 * MIB });
    this.#room = new SeriesRoom(options);
    this.#table = new SeriesTable({
      room: this.#room,
      target: (labels, identity) => this.#target(labels, identity),
    });
    this.#v1 = new DecoderV1(this.#table);
    this.#v2 = new DecoderV2(this.#table);
    this.#swept_at = options.clock.monotonic();
  }

  get counters(): RemoteWriteCounters {
    return {
      ...this.#count,
      targets: this.#targets.size,
      series: this.#table.size,
      waiting_samples: this.#waiting_samples,
    };
  }

  /** Takes a request's body as it came: protobuf in a snappy block. */
  take(packed: Uint8Array, version: RemoteWriteVersion): RemoteWriteOutcome {
    const decoded = this.#decoded;
    try {
      this.#decode(packed, version);
    } catch (cause) {
      if (cause instanceof NoRoomError) {
        // Not for its sake do the others wait, or somebody who makes labels up could hold them all.
        this.#sweep();
        this.#count.put_off++;
        return { kind: 'put_off', detail: cause.message };
      }
      if (!(cause instanceof ProtoError || cause instanceof SnappyError)) throw cause;
      this.#count.unreadable++;
      return { kind: 'unreadable', detail: cause.message };
    }
    if (this.#waiting_samples > (this.#options.waiting_max ?? 8_000_000)) {
      // Not for this one's sake do the others wait: it is put off until they have gone.
      this.#count.put_off++;
      return { kind: 'put_off', detail: `${this.#waiting_samples} samples wait for the rest of their scrapes` };
    }
    try {
      this.#options.onTaking?.(packed, version);
    } catch (cause) {
      return this.putOff(cause instanceof Error ? cause.message : String(cause));
    }
    this.#commit();
    this.#tellComplete();
    this.#sweep();
    return {
      kind: 'taken',
      samples: decoded.all - decoded.invalid,
      histograms: decoded.histograms,
      exemplars: decoded.exemplars,
      invalid: decoded.invalid,
      fault: decoded.fault,
    };
  }

  /** Notes that a request is to be sent again, so that nothing that may be part of it is told without it. */
  putOff(detail: string): RemoteWriteOutcome {
    this.#count.put_off++;
    this.#put_off_at = this.#options.clock.monotonic();
    return { kind: 'put_off', detail };
  }

  /** Takes a request that an earlier run has taken; its scrapes wait until `resume`. That of a run with other limits may be lost. */
  takeAgain(packed: Uint8Array, version: RemoteWriteVersion): void {
    try {
      this.#decode(packed, version);
    } catch (cause) {
      if (!(cause instanceof NoRoomError || cause instanceof ProtoError)) throw cause;
      this.#count.unreadable++;
      return;
    }
    this.#commit();
  }

  /** What an earlier run has told: all instants of a target up to `ts`. */
  passOver(target: string, ts: number): void {
    for (const { scrapes } of this.#targets.get(target)?.upTo(ts) ?? []) {
      for (const scrape of scrapes) this.#told.place(scrape);
    }
  }

  /** After the last `takeAgain`. */
  resume(): void {
    this.#recount();
    this.#tellComplete();
  }

  /** Tells nothing more; what waits is lost unless a journal has it. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting.clear();
  }

  #decode(packed: Uint8Array, version: RemoteWriteVersion): void {
    const decoded = this.#decoded;
    decoded.clear();
    const bytes = this.#blocks.unpack(packed);
    const latest_ts = this.#options.clock.now() + this.#future_max_ms;
    if (version === 1) this.#v1.decode(bytes, latest_ts, decoded);
    else this.#v2.decode(bytes, latest_ts, decoded);
  }

  #commit(): void {
    const { samples, all, other, invalid, histograms, exemplars } = this.#decoded;
    const { last_ts, heard_at, series: known } = this.#table;
    const now = this.#options.clock.monotonic();
    const { series, ts: times, values } = samples;
    let repeated = 0;
    for (let i = 0; i < samples.length; i++) {
      const sample = series[i] as number;
      const id = sample < 0 ? ~sample : sample;
      const ts = times[i] as number;
      heard_at[id] = now;
      if (ts <= (last_ts[id] as number)) {
        repeated++;
        continue;
      }
      last_ts[id] = ts;
      const { target } = (known[id] as Series<TargetInstants>).block;
      if (!target.touched) {
        target.touched = true;
        this.#waiting.add(target);
      }
      target.add(sample, ts, values[i] as number, now);
      if (ts > this.#newest_ts) this.#newest_ts = ts;
    }
    this.#waiting_samples += samples.length - repeated;
    const count = this.#count;
    count.requests++;
    count.samples += all;
    count.other_samples += other;
    count.repeated_samples += repeated;
    count.invalid_samples += invalid;
    count.histograms += histograms;
    count.exemplars += exemplars;
  }

  /** Looks at what was touched, and at what has waited long enough. */
  #tellComplete(): void {
    const now = this.#options.clock.monotonic();
    const overdue = now - this.#put_off_at < this.#wait_ms ? Number.NEGATIVE_INFINITY : now - this.#wait_ms;
    let since = Number.POSITIVE_INFINITY;
    for (const target of this.#waiting) {
      if (target.touched || target.since <= overdue) {
        target.touched = false;
        const before = target.waiting;
        const told = target.complete(overdue);
        this.#waiting_samples += target.waiting - before;
        for (const one of told) this.#publish(one);
      }
      if (target.since === Number.POSITIVE_INFINITY) this.#waiting.delete(target);
      else since = Math.min(since, target.since);
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (since === Number.POSITIVE_INFINITY) return;
    const next = Math.max(since, this.#put_off_at) + this.#wait_ms;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#tellComplete();
      },
      Math.max(1, Math.ceil(next - now)),
    );
    this.#timer.unref();
  }

  #publish({ target, ts, late, scrapes }: ToldScrape): void {
    const { publish, onSafe } = this.#options;
    const safe: Promise<Safety>[] = scrapes.map((said) => {
      const scrape = this.#told.place(said);
      return publish(scrape, `${causeId(scrape.node)}:rw:${scrape.ts}`);
    });
    this.#count.scrapes += scrapes.length;
    if (late) this.#count.late_scrapes += scrapes.length;
    void Promise.all(safe).then(() => onSafe?.(target.key, ts));
  }

  #target(labels: ReadonlyMap<string, string>, identity: SeriesIdentity): TargetInstants | null {
    const named = targetKey(labels, identity);
    if (named === null) return null;
    const { key, host } = named;
    const known = this.#targets.get(key);
    if (known !== undefined) return known;
    // Not for itself alone: one that ends up without a series would stay until the next look.
    this.#room.require(NEW_TARGET_BYTES);
    const target = new TargetInstants({ key, fallback_node: host, table: this.#table });
    this.#targets.set(key, target);
    this.#room.kept_bytes += TARGET_BYTES;
    return target;
  }

  /** Lets go of what was not heard for a quarter of an hour. */
  #sweep(): void {
    const now = this.#options.clock.monotonic();
    if (now - this.#swept_at < SWEEP_EVERY_MS) return;
    this.#swept_at = now;
    // While requests are put off, what waits may wait for longer than that.
    for (const target of this.#waiting) target.hearWaiting(now);
    const gone = this.#table.sweep(now - SILENT_MS);
    const ids = new Set(gone.map((series) => series.id));
    for (const target of new Set(gone.map((series) => series.block.target))) target.forget(ids);
    const heard = new Set(this.#table.series.map((series) => series?.block.target));
    for (const [key, target] of this.#targets) {
      if (heard.has(target)) continue;
      this.#targets.delete(key);
      this.#room.kept_bytes -= TARGET_BYTES;
    }
    this.#told.forget(this.#newest_ts - HOUR_MS);
  }

  #recount(): void {
    this.#waiting_samples = 0;
    for (const target of this.#waiting) this.#waiting_samples += target.waiting;
  }
}
