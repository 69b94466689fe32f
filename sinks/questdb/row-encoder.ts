import type { Batch } from '../../pipeline/contract/batch.ts';
import { METRIC_COUNT, METRICS } from '../../pipeline/contract/metrics.ts';
import type { GpuIdentity, Registry } from '../../pipeline/contract/registry.ts';
import { ByteStrings } from '../byte-strings.ts';
import type { RowChunk } from './row-chunk.ts';
import { type RowBody, rowBody, symbolPrefix, TIMESTAMP_DIGITS } from './row-template.ts';

const WORDS = Math.ceil(METRIC_COUNT / 32);
/** Sets of present metrics kept: a fleet has a few per GPU model; more means that readings come and go at random. */
const BODIES_MAX = 4_096;

interface Body extends RowBody {
  readonly mask: Uint32Array;
}

/** Prefixes of one group, by dense GPU index, and the node they were made for. */
interface GroupPrefixes {
  readonly registry: Registry;
  /** Of the registry when the prefixes were made. */
  readonly sweeps: number;
  readonly prefixes: ByteStrings;
  readonly nodes: number[];
}

export interface RowEncoder {
  /**
   * Appends rows of a batch from row `from` on until the chunk is full; answers the first row that did not fit, or the
   * number of rows when all did.
   */
  append(batch: Batch, from: number, chunk: RowChunk): number;
}

/**
 * Rows of gpu_metrics as ILP bytes, present metrics only.
 *
 * State   about 250 B per GPU, and the bodies: about 1 kB per set of present metrics met.
 * Cost    two copies of bytes and one f64 store per present metric; nothing is allocated per row.
 */
export function rowEncoder(table: string): RowEncoder {
  const groups = new Map<number, GroupPrefixes>();
  const bodies = new Map<string, Body>();
  const mask = new Uint32Array(WORDS);
  const digits = new Uint8Array(TIMESTAMP_DIGITS);
  let digitsOf = -1;
  let body = makeBody(mask);

  const findBody = (): Body => {
    const key = mask.join();
    let found = bodies.get(key);
    if (found === undefined) {
      if (bodies.size >= BODIES_MAX) bodies.clear();
      found = makeBody(mask);
      bodies.set(key, found);
    }
    return found;
  };

  return {
    append(batch, from, chunk) {
      let group = groups.get(batch.group);
      if (group?.registry !== batch.registry || group.sweeps !== batch.registry.sweeps) {
        group = { registry: batch.registry, sweeps: batch.registry.sweeps, prefixes: new ByteStrings(), nodes: [] };
        groups.set(batch.group, group);
      }
      const { prefixes, nodes } = group;
      const { values } = batch;
      const { bytes, view, starts } = chunk;
      const capacity = bytes.length;
      const rowsMax = starts.length;
      for (let row = from; row < batch.rows; row++) {
        const base = row * METRIC_COUNT;
        let differs = 0;
        for (let word = 0, metric = 0; word < WORDS; word++) {
          const end = Math.min(metric + 32, METRIC_COUNT);
          let bits = 0;
          for (let bit = 1; metric < end; metric++, bit <<= 1) {
            const value = values[base + metric] as number;
            if (!Number.isNaN(value)) bits |= bit;
          }
          mask[word] = bits;
          differs |= bits ^ (body.mask[word] as number);
        }
        if (differs !== 0) body = findBody();

        const gpu = batch.gpu[row] as number;
        const node = batch.node[row] as number;
        if (nodes[gpu] !== node) {
          prefixes.set(gpu, makePrefix(table, batch.registry, gpu, node));
          nodes[gpu] = node;
        }

        const start = chunk.length;
        const at = start + prefixes.length(gpu);
        const end = at + body.bytes.length;
        if (end > capacity || chunk.rows === rowsMax) return row;
        prefixes.copyTo(gpu, bytes, start);
        bytes.set(body.bytes, at);
        const { metrics, offsets } = body;
        for (let i = 0; i < metrics.length; i++) {
          view.setFloat64(at + (offsets[i] as number), values[base + (metrics[i] as number)] as number, true);
        }
        const ts = batch.ts[row] as number;
        if (ts !== digitsOf) {
          writeDigits(digits, ts);
          digitsOf = ts;
        }
        const timestamp = at + body.timestamp;
        for (let i = 0; i < TIMESTAMP_DIGITS; i++) bytes[timestamp + i] = digits[i] as number;
        starts[chunk.rows] = start;
        chunk.ts[chunk.rows++] = ts;
        chunk.length = end;
      }
      return batch.rows;
    },
  };
}

function makeBody(mask: Uint32Array): Body {
  const metrics: number[] = [];
  for (let m = 0; m < METRIC_COUNT; m++) if ((((mask[m >> 5] as number) >>> (m & 31)) & 1) === 1) metrics.push(m);
  const names = metrics.map((m) => METRICS[m]?.name as string);
  return { ...rowBody(metrics, names), mask: mask.slice() };
}

function makePrefix(table: string, registry: Registry, gpu: number, node: number): Uint8Array {
  const identity = registry.gpus[gpu] as GpuIdentity;
  return symbolPrefix(table, [
    ['gpu_uuid', identity.uuid],
    ['node', registry.nodes[node] as string],
    ['instance', identity.instance],
  ]);
}

function writeDigits(digits: Uint8Array, ts: number): void {
  let rest = Math.trunc(ts);
  for (let i = TIMESTAMP_DIGITS - 1; i >= 0; i--) {
    const tenth = Math.floor(rest / 10);
    digits[i] = 0x30 + (rest - tenth * 10);
    rest = tenth;
  }
}
