import { JetStreamApiError } from '@nats-io/jetstream';
import { isPassing } from './publish-ack.ts';

const ATTEMPTS = 20;
const WAIT_MS = 250;

/** A refusal that passes by itself: servers that choose another leader, or that have just begun. */
export const isPassingRefusal = (cause: unknown): boolean =>
  cause instanceof JetStreamApiError && isPassing(cause.status, cause.code);

/**
 * JetStream may still be starting, or choosing a leader: a call that is refused for that is tried again for some seconds, and one
 * that gets no answer too, unless `unanswered` is false. Any other refusal is one.
 */
export async function oncePossible<T>(call: () => Promise<T>, { unanswered = true } = {}): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (cause) {
      const again = cause instanceof JetStreamApiError ? isPassingRefusal(cause) : unanswered;
      if (!again || attempt === ATTEMPTS) throw cause;
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
  }
}
