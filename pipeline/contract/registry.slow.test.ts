import { describe, expect, it } from 'vitest';
import { Registry } from './registry.ts';

const DAY_MS = 86_400_000;
const T0 = Date.UTC(2026, 0, 1);
const board = (uuid: string) => ({ uuid, instance: '', model: 'H100', pci_bus_id: '', serial: '', slot: '' });

/** A GPU with a node and a user of its own, seen at `ts`. */
function come(registry: Registry, name: string, ts: number): number {
  const node = registry.node(`node of ${name}`);
  const gpu = registry.gpu(board(name), node);
  const user = registry.attribution([{ namespace: 'ml', pod: `pod of ${name}`, container: '', job: '' }]);
  registry.see(gpu, node, user, ts);
  return gpu;
}

describe('registry', () => {
  it('forgets what was not seen for long, and gives its indexes to the next that come', () => {
    const registry = new Registry(0);
    const stays = come(registry, 'GPU-stays', T0);
    const goes = come(registry, 'GPU-goes', T0);
    come(registry, 'GPU-stays', T0 + 9 * DAY_MS);
    const revision = registry.gpuRevisions[goes] as number;
    expect(registry.sweep(T0 + 5 * DAY_MS)).toEqual({ gpus: [goes], nodes: [goes] });
    expect(registry.find('GPU-goes', '')).toBe(-1);
    expect(registry.find('GPU-stays', '')).toBe(stays);
    expect([registry.gpus[goes]?.uuid, registry.nodes[goes], registry.size, registry.sweeps]).toEqual(['', '', 1, 1]);
    expect(come(registry, 'GPU-new', T0 + 9 * DAY_MS)).toBe(goes);
    expect(registry.gpuRevisions[goes]).toBeGreaterThan(revision);
    expect(registry.attributions.length).toBe(3);
  });

  it('does not grow while 100,000 GPUs come and go', () => {
    const registry = new Registry(0);
    for (let i = 0; i < 100_000; i++) {
      const ts = T0 + Math.floor(i / 500) * DAY_MS;
      if (i % 500 === 0) registry.sweep(ts - 2 * DAY_MS);
      come(registry, `GPU-${i}`, ts);
    }
    expect(registry.gpus.length).toBe(1_500);
    expect(registry.nodes.length).toBe(1_500);
    expect(registry.attributions.length).toBe(1_501);
    expect(registry.size).toBe(1_500);
  });

  it('knows the instances of a board, swept, come anew and restored', () => {
    const registry = new Registry(0);
    const node = registry.node('n');
    const slice = (uuid: string, instance: string, ts: number): number => {
      const index = registry.gpu({ ...board(uuid), instance }, node);
      registry.see(index, node, 0, ts);
      return index;
    };
    come(registry, 'GPU-whole', T0);
    const [a, , c] = [slice('GPU-cut', '3', T0 + 9 * DAY_MS), slice('GPU-other', '1', T0), slice('GPU-cut', '1', T0)];
    expect(registry.instancesOf('GPU-cut')).toEqual([a, c]);
    expect(registry.instancesOf('GPU-whole')).toEqual([]);
    registry.sweep(T0 + 5 * DAY_MS);
    expect(registry.instancesOf('GPU-cut')).toEqual([a]);
    expect(registry.instancesOf('GPU-other')).toEqual([]);
    const anew = slice('GPU-cut', '7', T0 + 9 * DAY_MS);
    const wanted = [a, anew].sort((x, y) => x - y);
    expect(registry.instancesOf('GPU-cut')).toEqual(wanted);
    expect(Registry.restore(0, registry.snapshot()).instancesOf('GPU-cut')).toEqual(wanted);
  });

  it.each<[string, string, string[]]>([
    ['its own row', '', ['', '1']],
    ['else that of its first instance', '7', ['7', '1']],
  ])('keeps the first row of a board while an instance reports: %s', (_, first, kept) => {
    const registry = new Registry(0);
    const known = (): string[] => ['', '7', '3', '1'].filter((instance) => registry.find('GPU-cut', instance) >= 0);
    const slice = (instance: string, host: string, day: number): void => {
      const node = registry.node(host);
      registry.see(registry.gpu({ ...board('GPU-cut'), instance }, node), node, 0, T0 + day * DAY_MS);
    };
    slice(first, 'old', 0);
    slice('3', 'old', 0);
    slice('1', 'new', 9);
    registry.sweep(T0 + 5 * DAY_MS);
    expect(known()).toEqual(kept);
    expect(registry.nodes[registry.gpuNodes[registry.find('GPU-cut', first)] as number]).toBe('new');
    registry.sweep(T0 + 10 * DAY_MS);
    expect([known(), registry.size, registry.instancesOf('GPU-cut')]).toEqual([[], 0, []]);
  });

  it('is the same after a snapshot, holes included', () => {
    const registry = new Registry(7);
    for (const name of ['GPU-a', 'GPU-b', 'GPU-c']) come(registry, name, T0);
    come(registry, 'GPU-b', T0 + 3 * DAY_MS);
    registry.sweep(T0 + 2 * DAY_MS);
    const restored = Registry.restore(7, JSON.parse(JSON.stringify(registry.snapshot())));
    expect(restored.snapshot()).toEqual(registry.snapshot());
    for (const name of ['GPU-x', 'GPU-b', 'GPU-y', 'GPU-z']) {
      const there = [registry, restored].map((one) => come(one, name, T0 + 4 * DAY_MS));
      expect(restored.gpus[there[1] as number]?.uuid).toBe(name);
      expect(registry.gpus[there[0] as number]?.uuid).toBe(name);
    }
    expect(restored.size).toBe(registry.size);
  });

  it('comes back from a snapshot of a group of any size', () => {
    const registry = new Registry(0);
    const node = registry.node('n');
    for (let i = 0; i < 200_000; i++) registry.gpu(board(`GPU-${i}`), node);
    expect(Registry.restore(0, registry.snapshot()).find('GPU-199999', '')).toBe(199_999);
  });
});
