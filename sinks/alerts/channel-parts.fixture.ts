import { settableClock } from '../../pipeline/clock.ts';
import { ChannelFailure } from '../../pipeline/contract/notifications.ts';
import { milliseconds } from '../../pipeline/contract/time.ts';
import type { ChannelParts } from './channel-parts.ts';
import { AT, CONSOLE } from './notification.fixture.ts';
import type { SecretSource } from './secret-source.ts';

/** What a channel is handed in tests; `said` collects what the other side answered. */
export const testParts = (
  some: Partial<ChannelParts> = {},
): ChannelParts & { readonly said: string[]; readonly clock: ReturnType<typeof settableClock> } => {
  const said: string[] = [];
  return {
    name: 'ops',
    link_base: CONSOLE,
    timeout: milliseconds(5_000),
    on_answer: (text) => said.push(text),
    ...some,
    clock: settableClock(AT),
    said,
  };
};

export const secret = (text: string): SecretSource => ({ from: 'test', read: () => text });

export const signal = (): AbortSignal => new AbortController().signal;

/** The failure that a promise rejects with. */
export async function failureOf(sent: Promise<unknown>): Promise<ChannelFailure> {
  const error = await sent.then(
    () => new Error('it was taken'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ChannelFailure)) throw error;
  return error;
}
