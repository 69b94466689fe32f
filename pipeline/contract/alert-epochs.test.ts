import { expect, it } from 'vitest';
import { ALERT_FENCES, AlertEpochs, EPOCH_HEADER, encodeFence, readFence } from './alert-epochs.ts';

const by = (unit: string, epoch: number | string): Record<string, string> => ({ [EPOCH_HEADER]: `${unit} ${epoch}` });

it('lets alerts through of whoever has their unit, and of nobody who has lost it', () => {
  const epochs = new AlertEpochs();
  const heard = [
    epochs.passes({}),
    epochs.passes(by('group-01', 3)),
    epochs.passes(by('group-01', 3)),
    epochs.passes(by('group-01', 2)),
    epochs.passes(by('group-02', 1)),
  ];
  epochs.fence(`${ALERT_FENCES}group-02`, encodeFence(4));
  heard.push(epochs.passes(by('group-02', 3)), epochs.passes(by('group-02', 4)), epochs.passes(by('fleet', 1)));
  expect(heard).toEqual([true, true, true, false, true, false, true, true]);
});

it.each(['', 'no JSON', '{"epoch":"5"}', '{}'])('takes %j for no fence', (text) => {
  expect(readFence(Buffer.from(text))).toBe(0);
  const epochs = new AlertEpochs();
  epochs.fence(`${ALERT_FENCES}group-01`, Buffer.from(text));
  expect(epochs.passes(by('group-01', 1))).toBe(true);
});
