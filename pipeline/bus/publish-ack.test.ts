import { expect, it } from 'vitest';
import { isPassing, isStoreFailure, parsePublishAck } from './publish-ack.ts';

it.each([
  ['{"stream":"S","seq":7}', { ok: true, position: 7, duplicate: false }],
  [
    '{"stream":"S", "domain":"hub", "seq": 9007199254740991,"duplicate": true}',
    { ok: true, position: 9007199254740991, duplicate: true },
  ],
  [
    '{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"},"stream":"S","seq":0}',
    { ok: false, code: 503, error: 10077, detail: 'maximum bytes exceeded' },
  ],
  ['{"stream":"S","seq":0}', { ok: false, code: 0, error: 0, detail: 'an answer without sequence' }],
])('%s', (text, expected) => {
  expect(parsePublishAck(Buffer.from(text))).toEqual(expected);
  expect(parsePublishAck(new Uint8Array(Buffer.from(text)))).toEqual(expected);
});

it('is no ack when another listener answers', () => {
  expect(parsePublishAck(Buffer.from('thanks'))).toMatchObject({ ok: false });
});

it.each([
  [429, 10167, true],
  [503, 10008, true],
  [503, 10077, false],
  [400, 10054, false],
])('code %i, error %i passes by itself: %s', (code, error, passing) => {
  expect(isPassing(code, error)).toBe(passing);
});

it.each([
  [10077, 'write /data/jetstream/1.blk: no space left on device', true],
  [10077, 'maximum bytes exceeded', false],
  [10077, 'maximum messages per subject exceeded', false],
  [10077, 'message to large', false],
  [10054, 'message size exceeds maximum allowed', false],
])('error %i, %s: the store failed: %s', (error, detail, failed) => {
  expect(isStoreFailure(error, detail)).toBe(failed);
});
