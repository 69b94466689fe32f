import { expect, it } from 'vitest';
import type { Asset } from '../../pipeline/contract/events.ts';
import { assetOf, NOW } from '../api.fixture.ts';
import { recordedChanges } from './compliance.ts';

const version = (asset: Asset | null, arrived_at: number) => ({
  asset,
  subject: 's',
  position: arrived_at,
  arrived_at,
});

it('tells what was changed, newest first, with old and new values', () => {
  const first = assetOf('GPU-1', { owner: 'ml', rack: '', retired_at: null });
  const changes = recordedChanges({
    versions: [
      version(first, 10),
      version(null, 15),
      version({ ...first, owner: 'core', purchase_price: null }, 20),
      version({ ...first, owner: 'core', purchase_price: null }, 25),
      version({ ...first, owner: 'core', purchase_price: null, status: 'retired', retired_at: NOW }, 30),
      version({ ...first, owner: 'core', purchase_price: null }, 40),
      version(assetOf('GPU-2'), 22),
    ],
    labels: [
      {
        ts: 35,
        gpu_uuid: 'GPU-1',
        node: 'n1',
        failed_at: 35,
        type: 'memory',
        source: 'hand',
        note: 'burned',
        status: 'confirmed',
      },
    ],
    moves: [
      { at: 12, alias: 'champion', from: null, to: 1, by: 'ann', why: '' },
      { at: 13, alias: 'champion', from: 1, to: 2, by: 'bob', why: 'better' },
      { at: 14, alias: 'champion', from: 2, to: null, by: 'bob', why: '' },
    ],
  });
  expect(changes.map(({ at, kind, subject, what, by }) => [at, kind, subject, what, by])).toEqual([
    [40, 'asset', 'GPU-1', 'back in service', ''],
    [35, 'label', 'GPU-1', 'failure confirmed', ''],
    [30, 'asset', 'GPU-1', 'retired', ''],
    [25, 'asset', 'GPU-1', 'told again', ''],
    [22, 'asset', 'GPU-2', 'recorded', ''],
    [20, 'asset', 'GPU-1', 'changed', ''],
    [14, 'model', 'champion', 'taken away', 'bob'],
    [13, 'model', 'champion', 'moved', 'bob'],
    [12, 'model', 'champion', 'promoted', 'ann'],
    [10, 'asset', 'GPU-1', 'recorded', ''],
  ]);
  expect(changes.find(({ at }) => at === 20)?.detail).toBe('owner: "ml" -> "core"; purchase_price: 30000 -> unknown');
  expect(changes.find(({ at }) => at === 30)?.detail).toBe(
    'status: "active" -> "retired"; retired_at: unknown -> 2026-01-01T00:00:00.000Z',
  );
  expect(changes.find(({ at }) => at === 10)?.detail).toContain('owner: "ml"');
  expect(changes.find(({ at }) => at === 10)?.detail).not.toContain('rack');
  expect(changes.find(({ at }) => at === 35)?.detail).toBe('memory failure, source hand: burned');
  expect(changes.find(({ at }) => at === 13)?.detail).toBe('version 1 -> version 2: better');
});
