import { expect, it } from 'vitest';
import { readDelivery } from './delivery.ts';

const NS = '1767225600123456789';
const wanted = { position: 12_345_678, delivered: 42, arrived_at: 1_767_225_600_123, left: 9 };

it.each([
  ['version 1', `$JS.ACK.DCGM_RAW.gv_x.1.12345678.42.${NS}.9`, wanted],
  ['version 2', `$JS.ACK._.ACCHASH.DCGM_RAW.gv_x.1.12345678.42.${NS}.9`, wanted],
  ['version 2 with a token', `$JS.ACK.hub.ACCHASH.DCGM_RAW.gv_x.1.12345678.42.${NS}.9.a1B2`, wanted],
  ['no reply', '', null],
  ['a request of somebody', '_INBOX.abc.1', null],
  ['too few parts', `$JS.ACK.DCGM_RAW.gv_x.1.12345678.42.${NS}`, null],
  ['letters for numbers', `$JS.ACK.DCGM_RAW.gv_x.1.x.42.${NS}.9`, null],
])('%s', (_, reply, expected) => {
  expect(readDelivery(reply)).toEqual(expected);
});
