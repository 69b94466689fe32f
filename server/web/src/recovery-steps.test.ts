import { expect, it } from 'vitest';
import { ACTION_TEXT } from './action-text.ts';
import { recoverySteps } from './recovery-steps.ts';

const target = { node: 'n1', gpu_uuid: 'GPU-a', pci_bus_id: '00000000:4E:00.0' };

it.each(Object.keys(ACTION_TEXT) as (keyof typeof ACTION_TEXT)[])('%s has steps, and none of them twice', (action) => {
  const steps = recoverySteps(action, target);
  expect(steps.length === 0).toBe(action === 'none');
  expect(new Set(steps.map(({ text }) => text)).size).toBe(steps.length);
});

it('names the node and the board, by its UUID where no address is known', () => {
  const commands = (pci_bus_id: string): string[] =>
    recoverySteps('drain_and_reset', { ...target, pci_bus_id }).map(({ command }) => command);
  expect(commands(target.pci_bus_id)).toContain('nvidia-smi --gpu-reset --id=00000000:4E:00.0');
  expect(commands('')).toContain('nvidia-smi --gpu-reset --id=GPU-a');
  expect(commands('')[0]).toBe('kubectl cordon n1');
});
