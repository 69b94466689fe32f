import { VitalsError } from '../../../pipeline/contract/errors.ts';
import { METRIC_COUNT } from '../../../pipeline/contract/metrics.ts';
import {
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  FRAME_ROW_HEADER_BYTES,
  FRAME_SCHEMA_ID,
  FRAME_VERSION,
  frameReader,
} from '../../../sinks/live/frame-format.ts';
import { type FuzzTarget, law } from '../fuzz-target.ts';
import { keptInputs } from '../kept-inputs.ts';
import { SAMPLE_TS } from '../sample-telemetry.ts';

const IDENTITIES = [
  '["GPU-1","","n1","NVIDIA H100","0",[]]',
  '["GPU-2","1","n1","","",[{"namespace":"ai","pod":"p","container":"","job":""}]]',
];

/** A frame with a row an identity, one value each. */
function frame(identities: readonly string[]): Uint8Array {
  const rows = identities.map((identity) => {
    const text = Buffer.from(identity, 'utf8');
    const size = FRAME_ROW_HEADER_BYTES + 8 + ((text.length + 7) & ~7);
    const row = Buffer.alloc(size);
    row.writeUInt32LE(size, 0);
    row.writeUInt32LE(7, 4);
    row.writeDoubleLE(SAMPLE_TS, 8);
    row.writeUInt16LE(text.length, 16);
    row.writeUInt16LE(1, 18);
    row.writeUInt32LE(1, 20);
    row.writeDoubleLE(61, FRAME_ROW_HEADER_BYTES);
    text.copy(row, FRAME_ROW_HEADER_BYTES + 8);
    return row;
  });
  const head = Buffer.alloc(FRAME_HEADER_BYTES);
  head.writeUInt32LE(FRAME_MAGIC, 0);
  head.writeUInt16LE(FRAME_VERSION, 4);
  head.writeUInt16LE(METRIC_COUNT, 6);
  head.writeUInt32LE(FRAME_SCHEMA_ID, 8);
  head.writeUInt32LE(rows.length, 12);
  return Uint8Array.from(Buffer.concat([head, ...rows]));
}

/** Frames from the engine to the read side: identities of texts, as many rows as told. */
export const frames: FuzzTarget = {
  name: 'frames',
  summary: 'frame between engine and read side',
  seeds: [frame(IDENTITIES), frame(IDENTITIES.slice(0, 1)), frame([]), ...keptInputs('frames')],
  words: ['GPVF', ...IDENTITIES, '[{}]', '[null]'],
  bytes_max: 16_384,
  grown_bytes_max: 524_288,
  feed(input) {
    let rows = 0;
    try {
      const told = frameReader().read(input, (who, _ts, values) => {
        rows++;
        law(values.length === METRIC_COUNT, 'a row of another width');
        for (const text of [who.gpu_uuid, who.instance, who.node, who.model, who.slot]) {
          law(typeof text === 'string', 'an identity that is no text');
        }
        for (const one of who.attribution) {
          for (const field of ['namespace', 'pod', 'container', 'job'] as const) {
            law(typeof one?.[field] === 'string', `an attribution without ${field}`);
          }
        }
      });
      law(told === rows, `${told} rows told, ${rows} given`);
    } catch (error) {
      if (error instanceof VitalsError) return false;
      throw error;
    }
    return true;
  },
};
