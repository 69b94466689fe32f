import { describe, expect, it } from 'vitest';
import { GroupState } from './group-state.ts';

const SPEC = { story: { scope: 'gpu', type: 'record', width: 1, initial: 0 } } as const;

describe('records', () => {
  it('keep their cells as a group grows to any size, and through a snapshot', () => {
    const state = new GroupState(0);
    const node = state.registry.node('n');
    const grow = (to: number): void => {
      for (let i = state.registry.size; i < to; i++) {
        const identity = { uuid: `GPU-${i}`, instance: '', model: '', pci_bus_id: '', serial: '', slot: '' };
        state.registry.gpu(identity, node);
      }
    };
    grow(140_000);
    state.columns('s', SPEC).story[139_999] = { told: [1, null] };
    grow(300_000);
    expect(state.columns('s', SPEC).story[139_999]).toEqual({ told: [1, null] });
    const restored = GroupState.restore(state.save(), new Map([['s', SPEC]]));
    const { story } = restored.columns('s', SPEC);
    expect([story[139_999], story[0], story[299_999]]).toEqual([{ told: [1, null] }, null, null]);
  });
});
