import type { Clock } from '../pipeline/clock.ts';
import type { LiveTopic } from './live-topic.ts';

/** Longest that a change waits for its delta when sending is costly; what is taken from the bus would otherwise wait instead. */
const REST_MS_MAX = 400;
/** Longest that all topics rest, also those that cost nothing. */
const REST_ALL_MS_MAX = 100;
/** After a topic was sent for c ms, it rests for three times as long: one topic takes a quarter of the thread at most. */
const REST_PER_COST = 3;
/** After everything was sent, all rest for half as long, so that what comes from the bus is always taken. */
const REST_ALL_PER_COST = 0.5;
/** How much of the last cost counts: one that was long because others had the core must not make everybody wait. */
const COST_SHARE = 0.25;
/** A rest shorter than a timer can be is none. */
const REST_MS_MIN = 0.5;

/**
 * When topics with changes are sent: at once while that is cheap; a topic whose deltas are costly (many listeners, many changes)
 * rests, and the others do not wait for it.
 */
export class LivePace {
  private readonly clock: Clock;
  private readonly dirty: ReadonlySet<LiveTopic>;
  private readonly send: (topic: LiveTopic) => boolean;
  private scheduled = false;
  private closing = false;
  private rest_until = 0;
  private cost_ms = 0;
  private timer: NodeJS.Timeout | null = null;
  private timer_at = 0;

  /** `send` takes the topic's changes and says whether that cost anything. */
  constructor(options: {
    readonly clock: Clock;
    readonly dirty: ReadonlySet<LiveTopic>;
    readonly send: (topic: LiveTopic) => boolean;
  }) {
    this.clock = options.clock;
    this.dirty = options.dirty;
    this.send = options.send;
  }

  /** Tells that topics may have changed: they are sent when the current poll ends, or after their rest. */
  changed(): void {
    if (this.scheduled || this.closing || this.dirty.size === 0) return;
    const now = this.clock.monotonic();
    let due = Number.POSITIVE_INFINITY;
    for (const topic of this.dirty) {
      due = Math.min(due, topic.rest_until);
      if (due <= now) break;
    }
    const rest = Math.max(due, this.rest_until) - now;
    if (rest <= REST_MS_MIN) {
      this.scheduled = true;
      this.stopTimer();
      setImmediate(() => this.flush());
    } else if (this.timer === null || now + rest < this.timer_at) {
      this.stopTimer();
      this.timer_at = now + rest;
      this.timer = setTimeout(() => {
        this.timer = null;
        this.flush();
      }, rest);
    }
  }

  close(): void {
    this.closing = true;
    this.stopTimer();
  }

  /** Topics with few listeners first: they cost little and wait for nobody. */
  private flush(): void {
    this.scheduled = false;
    if (this.closing) return;
    const started = this.clock.monotonic();
    const due = [...this.dirty].filter((topic) => topic.rest_until <= started + REST_MS_MIN);
    due.sort((a, b) => a.listeners - b.listeners);
    let at = started;
    for (const topic of due) {
      if (!this.send(topic)) continue;
      const before = at;
      at = this.clock.monotonic();
      topic.cost_ms += (at - before - topic.cost_ms) * COST_SHARE;
      topic.rest_until = at + Math.min(REST_MS_MAX, topic.cost_ms * REST_PER_COST);
    }
    this.cost_ms += (at - started - this.cost_ms) * COST_SHARE;
    this.rest_until = at + Math.min(REST_ALL_MS_MAX, this.cost_ms * REST_ALL_PER_COST);
    this.changed();
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
