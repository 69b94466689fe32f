import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { OUTBOX_RETRY_SUBJECT, type OutboxRetryAnswer } from '../contract/notifications.ts';

const ANSWER_TIMEOUT_MS = 5_000;
/** Where the error is when nobody listens at all. */
export const NOBODY = 'nobody delivers alerts here';

/**
 * Hands a message that was given up back to whoever delivers alerts. Null when it waits there again, or when newer messages have
 * outdated it; else GV-ALT-005, and the dead letter is still the only copy.
 */
export async function retryNotification(bus: Bus, original: Uint8Array): Promise<VitalsError | null> {
  let answer: OutboxRetryAnswer;
  try {
    const { data } = await bus.request({ subject: OUTBOX_RETRY_SUBJECT, data: original }, ANSWER_TIMEOUT_MS);
    answer = JSON.parse(Buffer.from(data).toString('utf8')) as OutboxRetryAnswer;
  } catch (cause) {
    return new VitalsError('GV-ALT-005', 'nothing takes them back', NOBODY, { cause });
  }
  if (answer.state !== 'refused') return null;
  return new VitalsError('GV-ALT-005', `it is not taken back: ${answer.reason}`, OUTBOX_RETRY_SUBJECT);
}
