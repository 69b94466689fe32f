import { expect, it } from 'vitest';
import { flushTogether } from './flush-together.ts';

function slowSink() {
  const ends: { done(): void; fail(error: Error): void }[] = [];
  return {
    ends,
    flush: () =>
      new Promise<void>((resolve, reject) => {
        ends.push({ done: resolve, fail: reject });
      }),
  };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('flushes once for all who ask while a flush is under way, and after it', async () => {
  const sink = slowSink();
  const flush = flushTogether([sink]);
  const first = flush();
  await turn();
  const [second, third] = [flush(), flush()];
  await turn();
  expect(sink.ends).toHaveLength(1);
  sink.ends[0]?.done();
  await first;
  await turn();
  expect(sink.ends).toHaveLength(2);
  sink.ends[1]?.done();
  await Promise.all([second, third]);
});

it('fails for those who waited, and goes on', async () => {
  const sink = slowSink();
  const flush = flushTogether([sink]);
  const first = flush();
  await turn();
  sink.ends[0]?.fail(new Error('away'));
  await expect(first).rejects.toThrow('away');
  const again = flush();
  await turn();
  sink.ends[1]?.done();
  await expect(again).resolves.toBeUndefined();
});
