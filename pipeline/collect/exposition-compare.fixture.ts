import { expect } from 'vitest';
import { METRIC_COUNT, METRICS } from '../contract/metrics.ts';
import { encode } from './exposition.fixture.ts';
import type { ExpositionParser } from './exposition-parser.ts';
import { twinParse } from './exposition-twin.fixture.ts';

const TS = 1_767_225_600_000;

/** Has the parser and its twin read the text and holds every GPU, metric, count and refusal of one against the other. */
export function expectTwins(parser: ExpositionParser, text: string): void {
  const slow = twinParse(text, 'fallback', TS);
  const fast = parser.parse(encode(text), { fallback_node: 'fallback', ts: TS });
  expect(fast.map((scrape) => scrape.node)).toEqual(slow.map((scrape) => scrape.node));
  slow.forEach((expected, s) => {
    const scrape = fast[s];
    expect(scrape?.gpus.length).toBe(expected.gpus.length);
    expected.gpus.forEach((row, g) => {
      const gpu = scrape?.gpus[g];
      for (let m = 0; m < METRIC_COUNT; m++) {
        const alike = Object.is(gpu?.values[m], row.values[m]);
        if (!alike) expect.fail(`${row.uuid} ${METRICS[m]?.name}: ${gpu?.values[m]} and ${row.values[m]}`);
      }
      expect({
        uuid: gpu?.uuid,
        instance: gpu?.instance,
        model: gpu?.model,
        pci_bus_id: gpu?.pci_bus_id,
        slot: gpu?.slot,
        ts: gpu?.ts,
        xids: gpu?.xids.map(({ xid, count }) => ({ xid, count })),
        attribution: gpu?.attribution.map((user) => [user.namespace, user.pod, user.container, user.job].join('/')),
        values: [],
      }).toEqual({ ...row, values: [] });
    });
    expect(scrape?.refusals.map((refusal) => `${refusal.level} ${refusal.reason}`).sort()).toEqual(expected.refusals);
    expect([scrape?.blanks, scrape?.unknown_metrics]).toEqual([expected.blanks, expected.unknown_metrics]);
  });
}
