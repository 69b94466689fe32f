import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { ExpositionParser } from '../exposition-parser.ts';
import { rowsOf, testReceiver, WAIT_MS } from './receiver.fixture.ts';

/**
 * One page of a simulated exporter, and what two releases of Prometheus wrote who had scraped it: with labels `pod` and
 * `namespace` of their own, `instance` 10.0.0.7:9400, one batch, no metadata. Taken from the bodies of their requests.
 */
const read = (name: string): Buffer => readFileSync(join(import.meta.dirname, name));
const PAGE = gunzipSync(read('prometheus-page.prom.gz'));
const SCRAPED = Date.UTC(2026, 10, 22, 2);

it.each([
  ['2.42', 1, 'prometheus-2.42-v1.snappy'],
  ['3.5', 2, 'prometheus-3.5-v2.snappy'],
] as const)('Prometheus %s tells in version %d what its exporter has told', (_, version, file) => {
  const { receiver, take, told, clock, pass } = testReceiver();
  clock.set(SCRAPED);
  const lines = PAGE.toString('utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  // Besides: up and what Prometheus tells of the scrape.
  const { samples } = take(read(file), version);
  expect(samples - receiver.counters.other_samples).toBe(lines.length);
  pass(WAIT_MS);
  expect(told.length).toBe(1);
  const scrape = told[0]?.scrape;
  const context = { fallback_node: '10.0.0.7', ts: scrape?.ts ?? 0 };
  const [expected] = new ExpositionParser().parse(PAGE, context);
  expect(rowsOf(scrape)).toEqual(rowsOf(expected));
  expect(scrape?.node).toBe('h100-r01-n1');
  expect(scrape?.gpus.length).toBe(8);
});
