import type { Clock } from '../../pipeline/clock.ts';
import type { Bus } from '../../pipeline/contract/bus.ts';

const SUBJECT = 'vitals.frames_wanted';
const ANNOUNCE_EVERY_MS = 1_000;
/** A reader that was not heard for so long is gone. */
const HOLD_MS = 5_000;

/** The read side's word that it listens to frames, once a second until `stop`. */
export function announceFrames(bus: Bus): { stop(): void } {
  const say = (): void => bus.publish({ subject: SUBJECT, data: new Uint8Array(0) });
  say();
  const timer = setInterval(say, ANNOUNCE_EVERY_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/**
 * The engine's side: whether anybody reads frames. An engine without a read side then does not make them, which is a tenth of
 * all it costs. True for the first seconds, until readers had the time to be heard.
 */
export function frameInterest(bus: Bus, clock: Clock): { wanted(): boolean; close(): void } {
  let until = clock.monotonic() + HOLD_MS;
  const subscription = bus.subscribe(SUBJECT, () => {
    until = clock.monotonic() + HOLD_MS;
  });
  return {
    wanted: () => clock.monotonic() < until,
    close: () => subscription.unsubscribe(),
  };
}
