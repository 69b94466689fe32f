import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from './spool.fixture.ts';
import type { Target } from './targets.ts';
import { watchTargetFiles } from './targets-file.ts';

function follow(patterns: string[], refresh_ms = 60_000) {
  const seen: { targets: string[]; problems: Map<string, string> } = { targets: [], problems: new Map() };
  const source = watchTargetFiles({
    patterns,
    refresh_ms,
    on_targets: (targets: Target[]) => {
      seen.targets = targets.map((target) => target.address);
    },
    on_problem: (where, detail) => {
      if (detail === null) seen.problems.delete(where);
      else seen.problems.set(where, detail);
    },
  });
  onTestFinished(() => source.stop());
  return { ...source, seen };
}

const json = (...targets: string[]): string => JSON.stringify([{ targets }]);

test('reads JSON and YAML, follows writing, renaming and new files of a pattern', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'a.json'), json('a'));
  writeFileSync(join(folder, 'b.yaml'), '- targets: [b]\n  labels:\n    rack: 7\n');
  writeFileSync(join(folder, 'other.txt'), 'x');
  const { ready, seen } = follow([join(folder, '*.json'), join(folder, '?.yaml')]);
  await ready;
  expect(seen.targets).toEqual(['a:9400', 'b:9400']);

  writeFileSync(join(folder, 'a.json'), json('a', 'a2'));
  await vi.waitFor(() => expect(seen.targets).toEqual(['a:9400', 'a2:9400', 'b:9400']));
  writeFileSync(join(folder, 'new'), json('a3'));
  renameSync(join(folder, 'new'), join(folder, 'a.json'));
  await vi.waitFor(() => expect(seen.targets).toEqual(['a3:9400', 'b:9400']));
  writeFileSync(join(folder, 'c.json'), json('c'));
  await vi.waitFor(() => expect(seen.targets).toContain('c:9400'));
  rmSync(join(folder, 'c.json'));
  await vi.waitFor(() => expect(seen.targets).not.toContain('c:9400'));
  expect(seen.problems.size).toBe(0);
});

test.each([
  ['broken JSON', '[{"targets": ["a"'],
  ['empty', ''],
  ['another shape', '{"targets": ["a"]}'],
])('%s keeps the last good list, is told, and mended', async (_, text) => {
  const folder = temporaryFolder();
  const path = join(folder, 'list.json');
  writeFileSync(path, json('a'));
  const { ready, seen } = follow([path]);
  await ready;
  writeFileSync(path, text);
  await vi.waitFor(() => expect(seen.problems.has(path)).toBe(true));
  expect(seen.targets).toEqual(['a:9400']);
  writeFileSync(path, json('b'));
  await vi.waitFor(() => expect(seen.targets).toEqual(['b:9400']));
  expect(seen.problems.size).toBe(0);
});

test('a named file that vanishes keeps its list; one that comes later, with its folder, is found', async () => {
  const folder = temporaryFolder();
  const early = join(folder, 'early.json');
  const late = join(folder, 'sub', 'late.json');
  writeFileSync(early, json('a'));
  const { ready, seen } = follow([early, late], 50);
  await ready;
  expect(seen.problems.has(late)).toBe(true);
  rmSync(early);
  await vi.waitFor(() => expect(seen.problems.has(early)).toBe(true));
  expect(seen.targets).toEqual(['a:9400']);
  mkdirSync(join(folder, 'sub'));
  writeFileSync(late, json('b'));
  await vi.waitFor(() => expect(seen.targets).toEqual(['a:9400', 'b:9400']));
  expect(seen.problems.has(late)).toBe(false);
});
