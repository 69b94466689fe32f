import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Bus } from '../../pipeline/contract/bus.ts';
import { subjectToken } from '../../pipeline/contract/ids.ts';
import { METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import type { Sink } from '../../pipeline/contract/ports.ts';
import type { GpuIdentity, Registry } from '../../pipeline/contract/registry.ts';
import { FRAME_TRACES_HEADER, type TracesUnderWay } from '../../pipeline/contract/tracing.ts';
import { ByteStrings } from '../byte-strings.ts';
import {
  FRAME_HEADER_BYTES,
  FRAME_IDENTITY_BYTES_MAX,
  FRAME_MAGIC,
  FRAME_MASK_WORDS,
  FRAME_ROW_HEADER_BYTES,
  FRAME_SCHEMA_ID,
  FRAME_VERSION,
} from './frame-format.ts';

export interface FramesSinkOptions {
  /** Name of this engine, the last token of the subject. */
  readonly worker: string;
  /** Largest frame, bytes. */
  readonly frame_bytes_max?: number;
  /** Whether anybody reads frames; they are not made while nobody does. Always, when left out. */
  readonly wanted?: () => boolean;
  /** What belongs to a trace says so in its frame. */
  readonly traces?: TracesUnderWay | null;
}

/** Subject on which all engines' frames can be heard. */
export const FRAMES_WILDCARD = 'vitals.frames.*';

const ROW_BYTES_MAX = FRAME_ROW_HEADER_BYTES + METRIC_COUNT * 8 + FRAME_IDENTITY_BYTES_MAX + 8;
/** Of one frame. */
const FRAME_TRACES_MAX = 16;
const encoder = new TextEncoder();

/** The identity bytes of a group's GPUs by dense index, and what they were made of. */
interface Identities {
  /** Of the registry when these were learned. */
  readonly sweeps: number;
  readonly texts: ByteStrings;
  readonly revisions: number[];
  readonly nodes: number[];
  readonly attributions: number[];
  readonly hashes: number[];
}

/**
 * Publishes every row of every batch to the read side, on core NATS subject `vitals.frames.<worker>`.
 *
 * What is written during one poll goes out as one frame when the poll ends, or when the frame is full: an idle engine adds
 * no latency, a busy one sends few large frames. Fire and forget: nothing waits for it, frames are dropped while NATS is
 * away. Cost: no allocation per row; state is one buffer and about 300 B per GPU.
 */
export function framesSink(bus: Bus, options: FramesSinkOptions): Sink<Batch> {
  const subject = `vitals.frames.${subjectToken(options.worker)}`;
  const size = (Math.max(options.frame_bytes_max ?? 262_144, FRAME_HEADER_BYTES + ROW_BYTES_MAX) + 7) & ~7;
  const bytes = new Uint8Array(size);
  const f64 = new Float64Array(bytes.buffer);
  const u32 = new Uint32Array(bytes.buffer);
  const u16 = new Uint16Array(bytes.buffer);
  u32[0] = FRAME_MAGIC;
  u16[2] = FRAME_VERSION;
  u16[3] = METRIC_COUNT;
  u32[2] = FRAME_SCHEMA_ID;

  const identities = new WeakMap<Registry, Identities>();
  let end = FRAME_HEADER_BYTES;
  let rows = 0;
  let scheduled = false;
  /** Of rows in the frame. */
  let traces: (readonly [string, string])[] = [];

  function send(): void {
    if (rows === 0) return;
    u32[3] = rows;
    const data = bytes.slice(0, end);
    bus.publish(
      traces.length === 0
        ? { subject, data }
        : { subject, data, headers: { [FRAME_TRACES_HEADER]: JSON.stringify(traces) } },
    );
    traces = [];
    rows = 0;
    end = FRAME_HEADER_BYTES;
  }

  function endOfPoll(): void {
    scheduled = false;
    send();
  }

  return {
    write(batch) {
      if (!bus.connected || options.wanted?.() === false || isHistory(batch)) return;
      const { registry, values } = batch;
      let known = identities.get(registry);
      if (known === undefined || known.sweeps !== registry.sweeps) {
        known = {
          sweeps: registry.sweeps,
          texts: new ByteStrings(),
          revisions: [],
          nodes: [],
          attributions: [],
          hashes: [],
        };
        identities.set(registry, known);
      }
      const { texts, revisions, nodes, attributions, hashes } = known;
      for (let row = 0; row < batch.rows; row++) {
        const gpu = batch.gpu[row] as number;
        const node = batch.node[row] as number;
        const attribution = batch.attribution[row] as number;
        const revision = registry.gpuRevisions[gpu] as number;
        if (revisions[gpu] !== revision || nodes[gpu] !== node || attributions[gpu] !== attribution) {
          const text = identityBytes(registry, gpu, node, attribution);
          texts.set(gpu, text);
          revisions[gpu] = revision;
          nodes[gpu] = node;
          attributions[gpu] = attribution;
          hashes[gpu] = hashOf(text);
        }
        const identityLength = texts.length(gpu);
        if (identityLength === 0) continue;
        if (end + ROW_BYTES_MAX > size) send();

        const at32 = end >> 2;
        let at64 = (end + FRAME_ROW_HEADER_BYTES) >> 3;
        const firstValue = at64;
        let metric = row * METRIC_COUNT;
        const last = metric + METRIC_COUNT;
        for (let word = 0; word < FRAME_MASK_WORDS; word++) {
          let mask = 0;
          const stop = Math.min(metric + 32, last);
          for (let bit = 1; metric < stop; metric++, bit <<= 1) {
            const value = values[metric] as number;
            if (!Number.isNaN(value)) {
              f64[at64++] = value;
              mask |= bit;
            }
          }
          u32[at32 + 5 + word] = mask;
        }
        const identityAt = at64 << 3;
        texts.copyTo(gpu, bytes, identityAt);
        const next = (identityAt + identityLength + 7) & ~7;
        u32[at32] = next - end;
        u32[at32 + 1] = hashes[gpu] as number;
        f64[(end >> 3) + 1] = batch.ts[row] as number;
        u16[(end >> 1) + 8] = identityLength;
        u16[(end >> 1) + 9] = at64 - firstValue;
        end = next;
        rows++;
      }
      for (const { traceparent, node } of options.traces?.current ?? []) {
        if (rows > 0 && traces.length < FRAME_TRACES_MAX) traces.push([traceparent, node]);
      }
      if (rows > 0 && !scheduled) {
        scheduled = true;
        setImmediate(endOfPoll);
      }
    },
    async flush() {
      send();
      // What a listener misses while the connection breaks is nothing that a snapshot has to wait for.
      if (bus.connected) await bus.flush().catch(() => {});
    },
    pressure: () => null,
    async close() {
      send();
      if (bus.connected) await bus.flush().catch(() => {});
    },
  };
}

/** Whoever looks at the fleet as it is has no use for what happened long before it came: a past that is back-filled. */
const HISTORY_MS = 15 * 60_000;
const isHistory = ({ rows, arrived_at, ts }: Batch): boolean =>
  rows > 0 && (arrived_at[rows - 1] as number) - (ts[rows - 1] as number) > HISTORY_MS;

function identityBytes(registry: Registry, gpu: number, node: number, attribution: number): Uint8Array {
  const identity = registry.gpus[gpu] as GpuIdentity;
  const list = registry.attributions[attribution] ?? [];
  const encode = (users: typeof list): Uint8Array =>
    encoder.encode(
      JSON.stringify([identity.uuid, identity.instance, registry.nodes[node], identity.model, identity.slot, users]),
    );
  let bytes = encode(list);
  if (bytes.length > FRAME_IDENTITY_BYTES_MAX) bytes = encode(list.slice(0, 8));
  if (bytes.length > FRAME_IDENTITY_BYTES_MAX) bytes = encode([]);
  // Nobody can look at a GPU whose name alone fills a frame.
  return bytes.length > FRAME_IDENTITY_BYTES_MAX ? new Uint8Array(0) : bytes;
}

/** FNV-1a: tells the reader that an identity is the one it knows. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
