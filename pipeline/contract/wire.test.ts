import { describe, expect, it } from 'vitest';
import { encodeScrape } from './encode-scrape.ts';
import { METRIC_COUNT, metricIndex } from './metrics.ts';
import type { Scrape } from './scrape.ts';
import { decodeScrape, readHeader } from './wire.ts';
import { WireError } from './wire-format.ts';

/** xorshift32, seeded. */
function random(seed: number): () => number {
  let x = seed | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 4_294_967_296;
  };
}

const TS = Date.UTC(2026, 0, 1);

function scrape(seed: number, gpus = 8): Scrape {
  const next = random(seed);
  return {
    node: `node-${seed}-ü`,
    ts: TS + seed,
    boot_epoch: TS - 5,
    sequence: seed,
    gpus: Array.from({ length: gpus }, (_, i) => ({
      uuid: `GPU-${seed}-${i}`,
      instance: next() < 0.2 ? '7' : '',
      model: 'NVIDIA H100 80GB HBM3',
      pci_bus_id: `00000000:${i}3:00.0`,
      serial: '',
      slot: String(i),
      ts: TS + seed + (next() < 0.1 ? 1 : 0),
      values: Float64Array.from({ length: METRIC_COUNT }, (_unused, m) =>
        m % 3 === 0 || next() < 0.1 ? Number.NaN : next() * 1e12,
      ),
      xids: next() < 0.2 ? [{ xid: 79, kind: 'event' as const, count: 1 }] : [],
      attribution: next() < 0.3 ? [{ namespace: 'a', pod: 'b', container: 'c', job: '' }] : [],
    })),
    refusals: next() < 0.3 ? [{ level: 'value', reason: 'out_of_range', detail: 'd', original: 'o' }] : [],
    blanks: 3,
    unknown_metrics: 4,
  };
}

describe('the binary format', () => {
  it('carries a scrape unchanged', () => {
    for (let seed = 1; seed < 50; seed++) {
      const made = scrape(seed, seed % 10);
      expect(decodeScrape(encodeScrape(made))).toEqual(made);
    }
  });

  it('carries why nobody answered', () => {
    const made: Scrape = { ...scrape(1, 0), unanswered: 'GV-COL-001' };
    expect(decodeScrape(encodeScrape(made))).toEqual(made);
  });

  it('carries only columns that some row has', () => {
    const made = scrape(1, 1);
    made.gpus[0]?.values.fill(Number.NaN);
    made.gpus[0]?.values.fill(42, metricIndex('power_watts'), metricIndex('power_watts') + 1);
    expect([...readHeader(encodeScrape(made)).columns]).toEqual([metricIndex('power_watts')]);
  });

  it('reads from any offset of a larger buffer', () => {
    const bytes = encodeScrape(scrape(2));
    const larger = new Uint8Array(bytes.length + 3);
    larger.set(bytes, 3);
    expect(decodeScrape(larger.subarray(3))).toEqual(scrape(2));
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array, WireError['reason']]>([
    ['nothing', () => new Uint8Array(0), 'damaged_message'],
    ['a cut message', (bytes) => bytes.subarray(0, bytes.length - 1), 'damaged_message'],
    ['a longer message', (bytes) => Uint8Array.of(...bytes, 0), 'damaged_message'],
    ['another beginning', (bytes) => bytes.fill(0, 0, 1), 'damaged_message'],
    ['another version', (bytes) => bytes.fill(2, 4, 5), 'unknown_schema'],
    ['another schema', (bytes) => bytes.fill(bytes[8] === 1 ? 2 : 1, 8, 9), 'unknown_schema'],
    ['more metrics than we know', (bytes) => bytes.fill(255, 6, 7), 'unknown_schema'],
    ['columns out of order', (bytes) => bytes.fill(0, 56, 60), 'damaged_message'],
    ['too many rows', (bytes) => bytes.fill(255, 32, 34), 'oversized_message'],
  ])('refuses %s', (_, damage, reason) => {
    try {
      decodeScrape(damage(encodeScrape(scrape(3))));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
      expect((error as WireError).reason).toBe(reason);
    }
  });

  it.each<[string, Partial<Scrape>]>([
    ['no node', { node: '' }],
    ['a row without GPU', { gpus: scrape(4, 1).gpus.map((gpu) => ({ ...gpu, uuid: '' })) }],
    [
      'a reason that nobody knows',
      { refusals: [{ level: 'value', reason: 'odd' as never, detail: '', original: '' }] },
    ],
    [
      'a reason that every object has',
      { refusals: [{ level: 'value', reason: 'constructor' as never, detail: '', original: '' }] },
    ],
    ['a level that nobody knows', { refusals: [{ level: 'odd' as never, reason: 'late', detail: '', original: '' }] }],
    ['rows of one that did not answer', { unanswered: 'GV-COL-001' }],
    ['no answer for a reason that is no code', { gpus: [], unanswered: 'because' }],
    [
      'a negative XID',
      { gpus: scrape(4, 1).gpus.map((gpu) => ({ ...gpu, xids: [{ xid: -1, kind: 'event', count: 1 }] })) },
    ],
  ])('refuses %s', (_, wrong) => {
    expect(() => decodeScrape(encodeScrape({ ...scrape(4, 1), ...wrong }))).toThrow(WireError);
  });

  it('fuzz: damaged bytes are refused or read, and never anything else', () => {
    const next = random(7);
    const bytes = encodeScrape(scrape(5));
    let refused = 0;
    for (let i = 0; i < 5_000; i++) {
      const damaged = Uint8Array.from(bytes);
      for (let hits = 1 + Math.floor(next() * 4); hits > 0; hits--) {
        damaged[Math.floor(next() * damaged.length)] = Math.floor(next() * 256);
      }
      const cut = next() < 0.2 ? damaged.subarray(0, Math.floor(next() * damaged.length)) : damaged;
      try {
        decodeScrape(cut);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(500);
  });
});
