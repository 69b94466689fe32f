import { expect, it } from 'vitest';
import { soak } from './soak.ts';
import { soakPage } from './soak-page.ts';

it('goes on for half a minute under faults, loses nothing and counts it', { timeout: 170_000 }, async () => {
  const lines: string[] = [];
  const result = await soak({
    hours: 36 / 3_600,
    seed: 5,
    gpus: 64,
    rows_per_s: 128,
    fault_every_ms: 9_000,
    calm_ms: 5_000,
    durability: 'fast',
    stream_max_mib: 64,
    quick: true,
    dist: new URL('../../dist/', import.meta.url),
    signal: new AbortController().signal,
    say: (line) => lines.push(line),
  });
  expect(result.faults.map(({ kind, target }) => `${kind} ${target}`)).toEqual([
    'kill engine',
    'stop collector',
    'kill questdb',
  ]);
  expect(result.rows.served).toBeGreaterThan(20 * 100);
  expect(result.rows).toMatchObject({ pages_lost: 0, pages_uneven: 0, rows_strange: 0, alerts_twice: 0 });
  expect(result.rows.rubbish_letters).toBeGreaterThan(0);
  expect(result.rows.hangs).toBeGreaterThan(0);
  expect(result.unplanned_ends).toEqual([]);
  const engine = result.processes.find(({ process }) => process === 'engine');
  expect(engine).toMatchObject({ lives: 2 });
  expect(engine?.heap_mib).toBeGreaterThan(5);
  expect(result.windows.some(({ scrapes }) => scrapes > 0)).toBe(true);
  const page = soakPage({
    at: '2026-01-01T00:00:00Z',
    command: '',
    commit: '',
    machine: { cpu: '', cores: 2, memory_gib: 8, platform: '', node: '' },
    ...result,
  });
  for (const { name } of result.checks) expect(page).toContain(name);
});
