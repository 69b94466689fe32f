import type { LiveTopic } from './live-topic.ts';
import type { LiveTopics } from './live-topics.ts';
import type { Entrant } from './security/live-entry.ts';
import type { TokenBucket } from './security/token-bucket.ts';

/** What a socket wants of a topic: `joined` gets deltas as they come; else it is owed what it missed, or a snapshot. */
export interface Subscription {
  readonly topic: LiveTopic;
  /** Whose it is. */
  readonly home: LiveTopics;
  joined: boolean;
  /** The last number that it has, as it said when it came; null when it has none. */
  since: number | null;
  /** First number missed; null when nothing was. */
  missed_from: number | null;
}

export interface LiveSession extends Entrant {
  readonly subscriptions: Map<string, Subscription>;
  readonly bucket: TokenBucket;
  slow: boolean;
}
