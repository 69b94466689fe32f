import { describe, expect, it } from 'vitest';
import { GroupState, type SavedGroup } from '../operators/core/group-state.ts';
import { ofVersion9, respelled, withChecksum } from './snapshot.fixture.ts';
import { decodeSnapshot, encodeSnapshot, readSnapshot } from './snapshot-format.ts';

const SPEC = {
  mean: { scope: 'gpu', type: 'f64', width: 3, initial: Number.NaN },
  streak: { scope: 'gpu', type: 'u8', width: 3, initial: 0 },
  newest: { scope: 'node', type: 'f32', width: 1, initial: -1 },
  count: { scope: 'group', type: 'u16', width: 1, initial: 0 },
} as const;

function group(): GroupState {
  const state = new GroupState(7);
  const node = state.registry.node('rack 4 – Knoten 1');
  for (const uuid of ['GPU-a', 'GPU-b', 'GPU-c']) {
    state.registry.gpu({ uuid, instance: '', model: 'H100', pci_bus_id: '', serial: '', slot: '0' }, node);
  }
  state.registry.attribution([{ namespace: 'ml', pod: 'train-0', container: 'main', job: 'train' }]);
  const columns = state.columns('step', SPEC);
  columns.mean.set([1.5, Number.NaN, -0, 4, 5, 6, 7, 8, Number.MAX_VALUE]);
  columns.streak.set([1, 2, 3, 4, 5, 6, 7, 8, 255]);
  columns.newest[0] = 0.25;
  columns.count[0] = 65_535;
  state.position = 2 ** 40;
  return state;
}

const bytesOf = (saved: SavedGroup): Uint8Array => Buffer.concat(encodeSnapshot(saved));

describe('snapshot format', () => {
  it('gives back what it was given', () => {
    const saved = group().save();
    expect(decodeSnapshot(bytesOf(saved))).toEqual(saved);
  });

  it('reads it wherever it lies in memory', () => {
    const saved = group().save();
    const bytes = bytesOf(saved);
    for (let from = 0; from < 8; from++) {
      const memory = new Uint8Array(bytes.length + 8);
      memory.set(bytes, from);
      expect(decodeSnapshot(memory.subarray(from, from + bytes.length))).toEqual(saved);
    }
  });

  it.each([
    [0, 0],
    [1, 0],
    [2, 1],
  ])('gives back a group of %i nodes and %i GPUs: a node may have sent nothing but what was refused', (nodes, gpus) => {
    const state = new GroupState(7);
    for (let n = 0; n < nodes; n++) state.registry.node(`node-${n}`);
    for (let g = 0; g < gpus; g++) {
      state.registry.gpu({ uuid: `GPU-${g}`, instance: '', model: '', pci_bus_id: '', serial: '', slot: '' }, 0);
    }
    state.columns('step', SPEC);
    const saved = state.save();
    expect(decodeSnapshot(bytesOf(saved))).toEqual(saved);
  });

  it('takes in a registry that changed since the last snapshot', () => {
    const state = group();
    const before = bytesOf(state.save());
    expect(bytesOf(state.save())).toEqual(before);
    state.registry.gpu({ uuid: 'GPU-b', instance: '', model: 'H200', pci_bus_id: '', serial: '', slot: '0' }, 0);
    const after = decodeSnapshot(bytesOf(state.save()));
    expect(typeof after === 'string' ? after : after.registry.gpus.map(({ model }) => model)).toEqual([
      'H100',
      'H200',
      'H100',
    ]);
  });

  it('tells damage wherever it strikes, and every cut', () => {
    const bytes = bytesOf(group().save());
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = (damaged[at] as number) ^ 0x10;
      expect(typeof decodeSnapshot(damaged), `byte ${at}`).toBe('string');
      expect(typeof decodeSnapshot(bytes.subarray(0, at)), `cut at ${at}`).toBe('string');
    }
  });

  it('takes no bit that is another for another version', () => {
    const bytes = Buffer.from(bytesOf(group().save()));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const at = bit >> 3;
      const byte = bytes[at] as number;
      bytes[at] = byte ^ (1 << (bit & 7));
      const found = readSnapshot(bytes);
      if (!('code' in found) || found.code !== 'GV-SNP-001') expect(found, `bit ${bit}`).toBe('damaged');
      bytes[at] = byte;
    }
    expect('code' in readSnapshot(bytes)).toBe(false);
  });

  it.each([
    ['of a newer format', ofVersion9, 'GV-SNP-002', 'version 9, this release reads 3'],
    [
      'of an older one',
      (bytes: Uint8Array) => withChecksum(respelled(bytes, '"version":3', '"version":1')),
      'GV-SNP-002',
      'version 1, this release reads 3',
    ],
    [
      'in another layout',
      (bytes: Uint8Array) => withChecksum(respelled(bytes, 'GPVSNAP1', 'GPVSNAP2')),
      'GV-SNP-002',
      'layout GPVSNAP2, this release reads GPVSNAP1',
    ],
    [
      'whose version is damaged',
      (bytes: Uint8Array) => respelled(bytes, '"version":3', '"version":1'),
      'GV-SNP-001',
      'checksum does not match',
    ],
    [
      'whose layout is damaged',
      (bytes: Uint8Array) => respelled(bytes, 'GPVSNAP1', 'GPVSNAP3'),
      'GV-SNP-001',
      'not a snapshot',
    ],
    [
      'that is something else',
      (bytes: Uint8Array) => withChecksum(respelled(bytes, 'GPVSNAP1', 'ABCDEFG1')),
      'GV-SNP-001',
      'not a snapshot',
    ],
    [
      'of this version that contradicts itself',
      (bytes: Uint8Array) => withChecksum(respelled(bytes, '"group":7', '"group":x')),
      'GV-SNP-001',
      'head cannot be read',
    ],
  ] as const)('says of one %s what it is', (_, change, code, why) => {
    expect(readSnapshot(change(bytesOf(group().save())))).toEqual({ code, why });
  });
});
