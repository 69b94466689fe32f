import type { LiveState } from '../../live-client.ts';
import { timeText } from './format-time.ts';

export interface DataState {
  readonly kind: 'live' | 'connecting' | 'lost' | 'silent';
  readonly text: string;
}

/**
 * How much what is shown can be trusted just now: `lost` when the connection is broken, `silent` when it stands but all
 * that it tells of has stopped.
 */
export function dataState(options: {
  readonly live: LiveState;
  /** When everything shown had its last sample, epoch ms; null while something still sends. */
  readonly silent_since: number | null;
  readonly now: number;
}): DataState {
  const { live, silent_since, now } = options;
  if (live.phase !== 'open' && live.heard_at === null) {
    return live.phase === 'connecting'
      ? { kind: 'connecting', text: 'connecting' }
      : { kind: 'lost', text: `the live server does not answer, ${again(live, now)}` };
  }
  if (live.phase !== 'open') {
    return { kind: 'lost', text: `no data since ${timeText(live.heard_at ?? now, now)}, ${again(live, now)}` };
  }
  if (silent_since !== null) return { kind: 'silent', text: `no data since ${timeText(silent_since, now)}` };
  return { kind: 'live', text: 'live' };
}

function again(live: LiveState, now: number): string {
  const seconds = live.retry_at === null ? 0 : Math.ceil((live.retry_at - now) / 1_000);
  return seconds > 0 ? `trying again in ${seconds} s` : 'trying again';
}
