import { encodeScrape } from '../../../pipeline/contract/encode-scrape.ts';
import { decodeScrape } from '../../../pipeline/contract/wire.ts';
import { HEADER_BYTES, WireError } from '../../../pipeline/contract/wire-format.ts';
import { type FuzzTarget, lawSame } from '../fuzz-target.ts';
import { keptInputs } from '../kept-inputs.ts';
import { WIRE_MESSAGES } from '../sample-telemetry.ts';

/** The binary form of a scrape, as publishers send it: what is taken comes back the same when it is written again. */
export const wire: FuzzTarget = {
  name: 'wire',
  summary: 'scrape in the binary format',
  seeds: [...WIRE_MESSAGES, ...keptInputs('wire')],
  words: ['GPVS', '"node":"n1"', '"uuid":["a"]', '"times":[1e999]', '"xids":[[0,79,"event",1]]', '"attribution":[[]]'],
  bytes_max: 16_384,
  grown_bytes_max: 1_048_576,
  mend: withLength,
  feed(input) {
    let scrape: ReturnType<typeof decodeScrape>;
    try {
      scrape = decodeScrape(input);
    } catch (error) {
      if (error instanceof WireError) return false;
      throw error;
    }
    // A time that is none is judged later; JSON cannot carry it row by row.
    if (Number.isFinite(scrape.ts)) lawSame(decodeScrape(encodeScrape(scrape)), scrape, 'written again');
    return true;
  },
};

/** The header tells how long the message is, and what is left of it is the identity, up to the extras. */
function withLength(input: Uint8Array): Uint8Array {
  if (input.length < HEADER_BYTES) return input;
  const mended = Uint8Array.from(input);
  const view = new DataView(mended.buffer);
  view.setUint32(52, mended.length, true);
  const values = view.getUint16(32, true) * view.getUint16(34, true) * 8;
  const identity_at = ((HEADER_BYTES + view.getUint16(34, true) * 2 + 7) & ~7) + values;
  const rest = mended.length - identity_at;
  if (rest <= 0) return mended;
  const extras = Math.min(view.getUint32(40, true), rest);
  view.setUint32(36, rest - extras, true);
  view.setUint32(40, extras, true);
  return mended;
}
