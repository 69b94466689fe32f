import { ChannelFailure } from '../../pipeline/contract/notifications.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import type { RunAfter } from './run-after.ts';

/** Settles with what is sent, or rejects when it takes too long or is aborted: a channel that ignores its signal is not waited for. */
export async function withinTime(
  sent: Promise<void>,
  abort: AbortController,
  { after, send_timeout }: { readonly after: RunAfter; readonly send_timeout: DurationMs },
): Promise<void> {
  let stop: () => void = () => undefined;
  const late = new Promise<never>((_, reject) => {
    abort.signal.addEventListener('abort', () => reject(abort.signal.reason), { once: true });
    stop = after(send_timeout, () => {
      abort.abort(new ChannelFailure(`no answer within ${send_timeout} ms`, { retryable: true }));
    });
  });
  try {
    await Promise.race([sent, late]);
  } finally {
    stop();
  }
}
