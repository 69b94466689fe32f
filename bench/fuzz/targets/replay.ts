import { gzipSync } from 'node:zlib';
import { VitalsError } from '../../../pipeline/contract/errors.ts';
import { decodeScrape } from '../../../pipeline/contract/wire.ts';
import { readInput } from '../../../pipeline/replay/read-input.ts';
import { bytesOf, type FuzzTarget, law } from '../fuzz-target.ts';
import { keptInputs } from '../kept-inputs.ts';
import { EXPOSITIONS, JSON_ROWS, SAMPLE_TS } from '../sample-telemetry.ts';
import { lawfulInstant, lawfulScrape } from '../telemetry-laws.ts';

const TABLES = [
  'ts,node,gpu_uuid,instance,gpu_temp_celsius,throttle_reasons,xids,job\n1767225600000,n1,GPU-1,,61,4,79;31,7\n2026-01-01T00:00:10Z,n1,GPU-1,,,0x4,,\n',
  'timestamp, name, pci.bus_id, temperature.gpu, power.draw [W], utilization.gpu [%], clocks_event_reasons.sw_power_cap\n2026/01/01 00:00:00.000, NVIDIA H100, 00000000:53:00.0, 61, 401.50 W, 57 %, Active\n2026/01/01 00:00:10.000, NVIDIA H100, 00000000:53:00.0, [N/A], ERR!, Not Active, Not Active\n',
  'timestamp,metric_name,value,labels,Hostname,gpu_uuid\n1767225600,DCGM_FI_DEV_GPU_TEMP,61,"gpu=""0"",GPU_I_ID=""1""",n1,GPU-1\n1767225600,DCGM_EXP_XID_ERRORS_COUNT,2,"xid=""79""",n1,GPU-1\n',
];
const SEEDS = [...TABLES, ...JSON_ROWS, ...EXPOSITIONS].map(bytesOf);
const WORDS = [
  'timestamp',
  'gpu_uuid',
  'temperature.gpu',
  'power.draw [W]',
  'power.draw [constructor]',
  '5 constructor',
  'MiB',
  ' %',
  '\n',
  ',',
  '"',
  '1e5 kW',
  'Active',
  '\u00ff\u00fe',
];
/** Of a text that is one line of numbers it may make many rows, never more than it has bytes. */
const CHUNK_BYTES = 1_000;

/** Saved telemetry of any format, told by its first lines: messages in order that can be read, whatever the bytes are. */
export const replay: FuzzTarget = {
  name: 'replay',
  summary: 'saved telemetry: text, JSONL, CSV, nvidia-smi, Prometheus exports, gzip',
  seeds: [...SEEDS, gzipSync(SEEDS[0] as Uint8Array), gzipSync(SEEDS[3] as Uint8Array), ...keptInputs('replay')],
  words: WORDS,
  bytes_max: 16_384,
  grown_bytes_max: 1_048_576,
  streams: true,
  async feed(input) {
    let last = 0;
    let rows = 0;
    let refusals = 0;
    const options = {
      path: '-',
      format: 'auto',
      interval_ms: 10_000,
      start_ms: SAMPLE_TS,
      node: 'n1',
      stdin: inChunks(input),
    } as const;
    try {
      for await (const messages of readInput(options)) {
        for (const { position, content_type, data, event_time } of messages) {
          law(position === last + 1, `position ${position} after ${last}`);
          last = position;
          lawfulInstant(event_time, 'a message');
          if (content_type !== 'application/vnd.gpu-vitals.scrape') continue;
          const scrape = decodeScrape(data);
          lawfulScrape(scrape);
          rows += scrape.gpus.length;
          refusals += scrape.refusals.length;
        }
      }
    } catch (error) {
      if (error instanceof VitalsError) return false;
      throw error;
    }
    law(rows <= input.length * 1_100, `${rows} rows of ${input.length} bytes`);
    return rows > 0 && refusals === 0;
  },
};

async function* inChunks(input: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < input.length; at += CHUNK_BYTES) yield input.subarray(at, at + CHUNK_BYTES);
}
