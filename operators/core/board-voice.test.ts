import { expect, it } from 'vitest';
import { Registry } from '../../pipeline/contract/registry.ts';
import { isBoardVoice } from './board-voice.ts';

/** Who of a board speaks, given when each of its rows came last. */
function voices(rows: Readonly<Record<string, number>>, since: number, width = 1): string[] {
  const registry = new Registry(0);
  const node = registry.node('n');
  const unknown = { model: '', pci_bus_id: '', serial: '', slot: '' };
  registry.gpu({ uuid: 'GPU-other', instance: '', ...unknown }, node);
  for (const instance of Object.keys(rows))
    registry.gpu({ uuid: 'GPU-a', instance: instance.trim(), ...unknown }, node);
  const seen_at = new Float64Array(registry.gpus.length * width);
  registry.gpus.forEach(({ uuid }, i) => {
    seen_at[i * width] = uuid === 'GPU-a' ? (Object.values(rows)[i - 1] as number) : 1_000;
  });
  return registry.gpus.flatMap(({ uuid, instance }, i) =>
    uuid === 'GPU-a' && isBoardVoice(registry, i, since, seen_at, width) ? [instance] : [],
  );
}

// A blank in front keeps the order of keys that are numbers.
it.each<[string, Record<string, number>, string[]]>([
  ['a whole board', { '': 100 }, ['']],
  ['the board beside its instances, in any order', { ' 2': 100, '': 100, ' 1': 100 }, ['']],
  ['the lowest of its instances', { ' 7': 100, ' 1': 100, ' 10': 100 }, ['1']],
  ['instance 0', { ' 1': 100, ' 0': 100 }, ['0']],
  ['the next one, once the lowest is gone', { ' 1': 50, ' 2': 100, ' 3': 100 }, ['1', '2']],
  ['an instance, once the board itself is gone', { '': 50, ' 1': 100, ' 2': 100 }, ['', '1']],
  ['by name where instances have no numbers', { 'MIG-b': 100, 'MIG-a': 100 }, ['MIG-a']],
  ['a number before a name', { 'MIG-a': 100, ' 3': 100 }, ['3']],
  ['the lower of numbers that no GPU has', { ' 4000000001': 100, ' 4000000000': 100 }, ['4000000000']],
])('who speaks for a board: %s', (_, rows, expected) => {
  expect(voices(rows, 60).sort()).toEqual([...expected].sort());
  expect(voices(rows, 60, 7).sort()).toEqual([...expected].sort());
});
