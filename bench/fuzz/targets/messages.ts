import { GroupStates } from '../../../operators/core/group-state.ts';
import type { Batch } from '../../../pipeline/contract/batch.ts';
import { sniffContentType } from '../../../pipeline/contract/content-type.ts';
import { type DeadLetter, REASON_CODES } from '../../../pipeline/contract/events.ts';
import { METRIC_COUNT } from '../../../pipeline/contract/metrics.ts';
import { minutes } from '../../../pipeline/contract/time.ts';
import { decode } from '../../../pipeline/decode.ts';
import { bytesOf, type FuzzTarget, law } from '../fuzz-target.ts';
import { keptInputs } from '../kept-inputs.ts';
import { EXPOSITIONS, JSON_ROWS, SAMPLE_TS, WIRE_MESSAGES } from '../sample-telemetry.ts';

const SUBJECT = 'dcgm.raw.07.n1';

/** Messages on the raw stream, of any kind that publishers send: rows with indexes that exist, or dead letters. Never an error. */
export const messages: FuzzTarget = {
  name: 'messages',
  summary: 'message on dcgm.raw: binary, JSON or text',
  seeds: [...JSON_ROWS, ...EXPOSITIONS.slice(0, 2)].map(bytesOf).concat(WIRE_MESSAGES, keptInputs('messages')),
  words: [
    '"ts":',
    '"node":',
    '"gpu_uuid":',
    '"gpus":[',
    '"xids":',
    'gpu_temp_celsius',
    'NaN',
    '-Infinity',
    '1e999',
    '2026-01-01',
  ],
  bytes_max: 16_384,
  grown_bytes_max: 1_048_576,
  feed(input) {
    let rows = 0;
    let refused = 0;
    const stage = decode({ future_max: minutes(5) }).start(new GroupStates());
    const content_type = sniffContentType(input);
    // Twice, as an identity that was seen before goes another way.
    for (const position of [1, 2]) {
      const message = {
        subject: SUBJECT,
        data: input,
        content_type,
        position,
        arrived_at: SAMPLE_TS,
        event_time: SAMPLE_TS,
      };
      stage.process([message], (port, item) => {
        if (port === 'rows') rows += lawfulBatch(item as Batch);
        else if (port === 'absent') lawfulBatch(item as Batch);
        else {
          const { reason, code } = item as DeadLetter;
          law(Object.hasOwn(REASON_CODES, reason) && REASON_CODES[reason] === code, `refused for ${reason}, ${code}`);
          refused++;
        }
      });
    }
    return rows > 0 && refused === 0;
  },
};

function lawfulBatch(batch: Batch): number {
  const { rows, gpu, node, attribution, registry, values, xids } = batch;
  law(values.length === rows * METRIC_COUNT, `${values.length} values in ${rows} rows`);
  for (let row = 0; row < rows; row++) {
    law((gpu[row] as number) < registry.gpus.length, 'a row of no GPU');
    law((node[row] as number) < registry.nodes.length, 'a row of no node');
    law((attribution[row] as number) < registry.attributions.length, 'a row of no attribution');
  }
  for (const { row, xid, count } of xids) {
    law(row < rows && Number.isSafeInteger(xid) && xid >= 0 && Number.isSafeInteger(count), `XID ${xid} of row ${row}`);
  }
  return rows;
}
