import { expect, it } from 'vitest';
import { BEGAN, NOW } from '../operators/core/fleet-clock.ts';
import { advanceClock } from './advance-clock.ts';
import { encodeScrape } from './contract/encode-scrape.ts';
import type { ContentType, RawMessage } from './contract/message.ts';
import { minutes } from './contract/time.ts';

const START_MS = Date.UTC(2026, 0, 1);
const ARRIVED_MS = START_MS + 3_600_000;

const message = (content_type: ContentType, data: Uint8Array | string, event_time = START_MS + 7): RawMessage => ({
  subject: 'dcgm.raw.00.n',
  data: Buffer.from(data),
  content_type,
  position: 1,
  arrived_at: ARRIVED_MS,
  event_time,
});
const binary = (ts: number): Buffer =>
  Buffer.from(
    encodeScrape({ node: 'n', ts, boot_epoch: 1, sequence: 1, gpus: [], refusals: [], blanks: 0, unknown_metrics: 0 }),
  );
const SCRAPE = 'application/vnd.gpu-vitals.scrape';
const at = (s: number): number => START_MS + s * 1_000;

it.each<readonly [what: string, told: RawMessage, wanted: number]>([
  ['the header of a scrape, not its arrival', message(SCRAPE, binary(at(5)), ARRIVED_MS), at(5)],
  ['the message, when the header has no time', message(SCRAPE, binary(0), at(6)), at(6)],
  ['nothing of a cut scrape', message(SCRAPE, binary(at(5)).subarray(0, 40)), 0],
  ['nothing of a scrape with bytes too many', message(SCRAPE, Buffer.concat([binary(at(5)), Buffer.alloc(8)])), 0],
  ['the message, for text', message('text/plain', 'DCGM_FI_DEV_GPU_TEMP{gpu="0"} 50', at(8)), at(8)],
  ['the message, for JSON without a time', message('application/json', '{"gpu_uuid":"g"}', at(9)), at(9)],
  [
    'the newest row of JSON, whatever its spelling',
    message('application/json', `[{"ts": "${new Date(at(30)).toISOString()}"}, {"ts":${at(20)}}]`),
    at(30),
  ],
  ['no text that speaks of a time', message('application/json', `{"x":"\\"ts\\":${at(30)}"}`, at(9)), at(9)],
  ['JSON rows but those far in the future', message('application/json', `{"ts":${at(1)}}\n{"ts":${at(9e6)}}`), at(1)],
  ['nothing of the far future', message(SCRAPE, binary(ARRIVED_MS + 2 * 86_400_000)), 0],
])('goes by %s', (_, told, wanted) => {
  const cells = new Float64Array(2);
  expect(advanceClock(cells, told, minutes(5))).toBe(wanted);
  expect([...cells]).toEqual([wanted, wanted]);
});

it('never goes back, and stays when a part of the stream is read again', () => {
  const cells = new Float64Array(2);
  const times = [10, 30, 20, 40].map(at);
  const read = (): number[] => times.map((ts) => advanceClock(cells, message(SCRAPE, binary(ts)), Infinity));
  expect(read()).toEqual([10, 30, 30, 40].map(at));
  expect(read()).toEqual([40, 40, 40, 40].map(at));
  expect([cells[BEGAN], cells[NOW]]).toEqual([at(10), at(40)]);
});
