import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { FEATURE_COUNT, FEATURES } from '../../pipeline/contract/features.ts';
import { EPOCH_MS_MAX } from '../../pipeline/contract/time.ts';
import { type RowBody, rowBody, symbolPrefix, TIMESTAMP_DIGITS } from './row-template.ts';

/** Sets of known features kept: as GPUs grow older a fleet goes through a few dozen. */
const BODIES_MAX = 1_024;

/**
 * Spells vectors as ILP rows of a table with a column per feature, known features only, timestamps in ms. A row costs one
 * copy and a store per feature, about 5 us; the general way costs 150. Throws on a vector without a usable instant.
 */
export function vectorRowSpeller(table: string): (vector: FeatureVector) => Uint8Array {
  const bodies = new Map<string, RowBody>();
  const known = new Uint8Array(FEATURE_COUNT);
  const bodyOf = (values: Float64Array): RowBody => {
    for (let i = 0; i < FEATURE_COUNT; i++) known[i] = Number.isFinite(values[i]) ? 1 : 0;
    const key = Buffer.from(known).toString('latin1');
    let body = bodies.get(key);
    if (body === undefined) {
      const places = FEATURES.flatMap((_, i) => (known[i] === 1 ? [i] : []));
      body = rowBody(
        places,
        places.map((i) => FEATURES[i]?.name as string),
      );
      if (bodies.size >= BODIES_MAX) bodies.clear();
      bodies.set(key, body);
    }
    return body;
  };
  return ({ ts, gpu_uuid, node, instance, values }) => {
    if (!(ts > 0 && ts <= EPOCH_MS_MAX)) throw new TypeError(`ts is no instant: ${ts}`);
    const prefix = symbolPrefix(table, [
      ['gpu_uuid', gpu_uuid],
      ['node', node],
      ['instance', instance],
    ]);
    const body = bodyOf(values);
    const { metrics, offsets } = body;
    const bytes = new Uint8Array(prefix.length + body.bytes.length);
    bytes.set(prefix);
    bytes.set(body.bytes, prefix.length);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < metrics.length; i++) {
      view.setFloat64(prefix.length + (offsets[i] as number), values[metrics[i] as number] as number, true);
    }
    const digits = String(Math.trunc(ts)).padStart(TIMESTAMP_DIGITS, '0');
    for (let i = 0; i < TIMESTAMP_DIGITS; i++) bytes[prefix.length + body.timestamp + i] = digits.charCodeAt(i);
    return bytes;
  };
}
