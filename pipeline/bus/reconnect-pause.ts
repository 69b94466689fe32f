import { randomInt } from 'node:crypto';
import type { Clock } from '../clock.ts';

export interface ReconnectPauseOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** How many servers are tried in turn, one after the other at once. */
  readonly servers: number;
  /** Between two tries of the same server; up to as much again is added by chance, so that a fleet does not come at once. */
  readonly pause_ms: number;
  /** A whole number below; by chance when absent. */
  readonly draw?: (below: number) => number;
}

/**
 * The client library's `reconnectDelayHandler`. By itself the library compares wall clock times: after the machine's clock was
 * set back by an hour, a connection that breaks stays broken for an hour. So the pause is measured here, by the clock that
 * only moves forward: a try that is due is told as due since ever, whatever the wall clock says, else what is left to wait.
 */
export function reconnectPause(options: ReconnectPauseOptions): () => number {
  const { clock, pause_ms, draw = randomInt } = options;
  const servers = Math.max(1, options.servers);
  /** When the last tries of all servers are over, oldest first. */
  const due: number[] = [];
  return () => {
    const now = clock.monotonic();
    const left = due.length < servers ? 0 : (due[0] as number) - now;
    if (left > 0) return Math.ceil(left);
    if (due.length >= servers) due.shift();
    due.push(now + pause_ms + draw(pause_ms));
    return Number.NEGATIVE_INFINITY;
  };
}
