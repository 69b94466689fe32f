import { JetStreamApiError } from '@nats-io/jetstream';
import { isPassing } from './publish-ack.ts';
import { isMissing } from './stream-manager.ts';

const ATTEMPTS = 20;
const WAIT_MS = 250;

/** A refusal that passes by itself: servers that choose another leader, or that have just begun. */
const isPassingRefusal = (cause: unknown): boolean =>
  cause instanceof JetStreamApiError && isPassing(cause.status, cause.code);

/** What `oncePossible` tries again beside passing refusals. */
interface Again {
  /** A call that gets no answer. True unless said otherwise. */
  readonly unanswered?: boolean;
  /**
   * "Not found": for calls that make what they then look at. Of several servers one may not know yet what another one has
   * just made.
   */
  readonly missing?: boolean;
}

/**
 * JetStream may still be starting, or choosing a leader: a call that is refused for that is tried again for some seconds. Any
 * refusal that is not told here is one.
 */
export async function oncePossible<T>(
  call: () => Promise<T>,
  { unanswered = true, missing = false }: Again = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (cause) {
      const refused = cause instanceof JetStreamApiError;
      const again = refused ? isPassingRefusal(cause) || (missing && isMissing(cause)) : unanswered;
      if (!again || attempt === ATTEMPTS) throw cause;
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
  }
}
