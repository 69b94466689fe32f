import { expect, test } from 'vitest';
import { METRIC_COUNT } from '../contract/metrics.ts';
import type { Scrape, ScrapedGpu } from '../contract/scrape.ts';
import { decodeScrape } from '../contract/wire.ts';
import { WIRE_ROWS_MAX } from '../contract/wire-format.ts';
import { MessageMaker } from './collector-messages.ts';

const gpu = (n: number): ScrapedGpu => ({
  uuid: `GPU-${n}`,
  instance: '',
  model: 'H100',
  pci_bus_id: '',
  serial: '',
  slot: String(n),
  ts: 5_000,
  values: new Float64Array(METRIC_COUNT).fill(n),
  xids: [],
  attribution: [],
});

const scrape = (node: string, gpus: number, refusals: Scrape['refusals'] = []): Scrape => ({
  node,
  ts: 5_000,
  boot_epoch: 0,
  sequence: 0,
  gpus: Array.from({ length: gpus }, (_, n) => gpu(n)),
  refusals,
  blanks: 3,
  unknown_metrics: 2,
});

const refusal = (bytes: number): Scrape['refusals'][number] => ({
  level: 'line',
  reason: 'unreadable_line',
  detail: 'test',
  original: 'x'.repeat(bytes),
});

test('numbers messages per node and says so in headers and bytes', () => {
  const maker = new MessageMaker({ boot_epoch: 7_000, size_max_bytes: 100_000 });
  const [first] = maker.ofScrape(scrape('a b', 2));
  const [second] = maker.ofScrape(scrape('a b', 2));
  const [other] = maker.ofScrape(scrape('c', 2));
  expect(first).toMatchObject({
    subject: expect.stringMatching(/^dcgm\.raw\.\d\d\.a_b$/),
    headers: {
      'Content-Type': 'application/vnd.gpu-vitals.scrape',
      'Nats-Msg-Id': 'a b:7000:1',
      'Event-Time': '5000',
    },
  });
  expect(second?.headers?.['Nats-Msg-Id']).toBe('a b:7000:2');
  expect(other?.headers?.['Nats-Msg-Id']).toBe('c:7000:1');
  expect(decodeScrape(second?.data ?? new Uint8Array())).toEqual({
    ...scrape('a b', 2),
    boot_epoch: 7_000,
    sequence: 2,
  });
});

test.each<[string, Scrape]>([
  ['many rows', scrape('a', 100)],
  ['more rows than the format takes', scrape('a', WIRE_ROWS_MAX + 5)],
  [
    'many refusals',
    scrape(
      'a',
      1,
      Array.from({ length: 300 }, () => refusal(200)),
    ),
  ],
  [
    'no rows but refusals',
    scrape(
      'a',
      0,
      Array.from({ length: 300 }, () => refusal(200)),
    ),
  ],
])('shares out what is too large for one message: %s', (_, whole) => {
  const maker = new MessageMaker({ boot_epoch: 1, size_max_bytes: 20_000 });
  const messages = maker.ofScrape(whole);
  expect(messages.length).toBeGreaterThan(1);
  for (const message of messages) expect(message.data.length).toBeLessThanOrEqual(20_000);
  const parts = messages.map((message) => decodeScrape(message.data));
  expect(parts.flatMap((part) => part.gpus.map((one) => one.uuid))).toEqual(whole.gpus.map((one) => one.uuid));
  expect(parts.flatMap((part) => part.refusals)).toEqual(whole.refusals);
  expect(parts.reduce((sum, part) => sum + part.blanks, 0)).toBe(3);
  expect(new Set(messages.map((message) => message.headers?.['Nats-Msg-Id'])).size).toBe(messages.length);
});

test('one refused text larger than a message is cut', () => {
  const maker = new MessageMaker({ boot_epoch: 1, size_max_bytes: 20_000 });
  const messages = maker.ofScrape(scrape('a', 1, [refusal(50_000)]));
  expect(messages).toHaveLength(1);
  expect(decodeScrape(messages[0]?.data ?? new Uint8Array()).refusals[0]?.original).toHaveLength(4_096);
});

test('an unreadable body goes on as it came, as far as it fits', () => {
  const maker = new MessageMaker({ boot_epoch: 1, size_max_bytes: 10 });
  const message = maker.ofText('n', 99, Buffer.from('<html>not an exporter'));
  expect(Buffer.from(message.data).toString()).toBe('<html>not ');
  expect(message.headers).toEqual({ 'Content-Type': 'text/plain', 'Nats-Msg-Id': 'n:1:1', 'Event-Time': '99' });
});
