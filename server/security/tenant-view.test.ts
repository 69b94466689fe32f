import { expect, it } from 'vitest';
import { settableClock } from '../../pipeline/clock.ts';
import { METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import { anomalyOf } from '../../sinks/live/fleet.fixture.ts';
import { assetOf, NOW } from '../api.fixture.ts';
import { FleetView } from '../fleet-view.ts';
import { gpuState, summaryTexts } from '../view-json.ts';
import { tenancy } from './tenancy.ts';
import { tenantView } from './tenant-view.ts';

async function startWorld() {
  const clock = settableClock(NOW);
  const view = new FleetView({ clock });
  const owners = new Map([
    ['GPU-kept', 'red'],
    ['GPU-moved', 'red'],
  ]);
  const tenures = new Map<string, number>();
  const book = tenancy({
    view,
    clock,
    assets: {
      all: async () => [...owners].map(([gpu_uuid, tenant]) => assetOf(gpu_uuid, { tenant })),
      tenures: async () => tenures,
    },
  });
  const scope = await book.scope('red');
  const sample = (gpu_uuid: string, ts: number): void =>
    view.applySample(
      { gpu_uuid, instance: '', node: 'n1', model: 'H100', slot: '0', attribution: [] },
      ts,
      new Float64Array(METRIC_COUNT).fill(300),
    );
  return {
    ...{ clock, view, scope, sample, own: tenantView(view, scope) },
    async give(tenant: string) {
      owners.set('GPU-moved', tenant);
      tenures.set('GPU-moved', clock.now());
      clock.advance(2_000);
      await book.refresh();
    },
  };
}

it('shows a GPU that only the tenant ever had as it is for everybody, without a copy', async () => {
  const { view, own, sample } = await startWorld();
  sample('GPU-kept', NOW);
  expect(own.all()[0]).toBe(view.all()[0]);
  expect(own.find('GPU-kept', '')).toBe(view.all()[0]);
});

it('shows one that came back as one that has not reported, in texts that were kept too', async () => {
  const { own, view, sample, give } = await startWorld();
  const text = summaryTexts(own);
  const shown = (): unknown[] => own.all().map((entry) => JSON.parse(text(entry)));
  sample('GPU-moved', NOW);
  view.applyAnomaly(anomalyOf({ gpu_uuid: 'GPU-moved', id: 'a', opened_at: NOW }));
  expect(shown()).toMatchObject([{ power_watts: 300, open_warning: 1 }]);
  await give('blue');
  expect(shown()).toEqual([]);
  await give('red');
  expect(shown()).toMatchObject([{ gpu_uuid: 'GPU-moved', ts: null, power_watts: null, open_warning: 0 }]);
  expect(gpuState(own, 'GPU-moved')).toMatchObject({ sample: null, anomalies: [], stale_since: null });
});

it('is the same object for as long as its entry, which follows what comes', async () => {
  const { own, clock, sample, give, view } = await startWorld();
  sample('GPU-moved', NOW);
  await give('blue');
  await give('red');
  const entry = own.find('GPU-moved', '');
  expect(entry?.ts).toBeNaN();
  sample('GPU-moved', clock.now());
  expect(entry?.ts).toBe(clock.now());
  expect(own.find('GPU-moved', '')).toBe(entry);
  clock.advance(120_000);
  view.sweep();
  expect(entry?.stale).toBe(true);
});

it('says of a node as a whole what came since all its GPUs are the tenant’s, and nothing when they are not', async () => {
  const { own, view, scope, sample, clock, give } = await startWorld();
  sample('GPU-moved', NOW);
  await give('blue');
  await give('red');
  const since = scope.nodeSince('n1');
  for (const [id, opened_at] of [
    ['before', since - 1],
    ['later', since],
  ] as const) {
    view.applyAnomaly(anomalyOf({ gpu_uuid: '', id, type: 'node_silent', opened_at }));
  }
  const ids = () => [[...own.nodeAnomalies()], own.openAnomalies()].map((some) => some.map(({ id }) => id));
  expect(ids()).toEqual([['later'], ['later']]);
  expect(scope.concerns({ gpu_uuid: '', node: 'n1', tenant: 'blue' }, since)).toBe(false);
  expect(scope.concerns({ gpu_uuid: '', node: 'n1', tenant: 'red' }, since)).toBe(true);
  sample('GPU-unknown', clock.now());
  expect(ids()).toEqual([[], []]);
});
