import { describe, expect, it } from 'vitest';
import { type Happens, runEpisodes } from './episodes.fixture.ts';

describe('what an episode says is to be done', () => {
  it.each<[number, string]>([
    [0, 'Take the GPU out and replace it: a weak memory row could not be remapped.'],
    [
      1,
      'Reset the GPU to contain it, then replace it: the driver asks for the first (recovery action 1), and a weak memory row could not be remapped.',
    ],
    [
      2,
      'Reboot the node to contain it, then replace the GPU: the driver asks for the first (recovery action 2), and a weak memory row could not be remapped.',
    ],
  ])('keeps the replacement beside recovery action %i of the driver', (action, text) => {
    const story = runEpisodes(
      [
        { at: 0, failed: true, action },
        { at: 5, xid: 64 },
      ],
      60,
    ).told.at(-1);
    expect(story?.action).toBe('replace_gpu');
    expect(story?.explanation.endsWith(text), story?.explanation).toBe(true);
  });

  it.each<[string, Happens, string]>([
    ['heat', { at: 0, anomaly: 'thermal_margin' }, 'No reset yet: look at its cooling first.'],
    ['a power brake', { at: 0, anomaly: 'power_brake' }, 'No reset yet: look at its power supply first.'],
    ['a warning of the driver', { at: 0, xid: 63 }, 'No reset yet: the GPU goes on by itself.'],
    [
      'another recovery action that nobody reads out',
      { at: 0, xid: 154 },
      'No reset yet: the log line of XID 154 says which recovery the driver asks for.',
    ],
    ['a code worth knowing', { at: 0, xid: 5 }, 'Nothing to do: the GPU goes on by itself.'],
  ])('says of %s without an action where to look', (_, happens, text) => {
    const story = runEpisodes([happens], 60).told.at(-1);
    expect(story?.action).toBe('none');
    expect(story?.explanation.endsWith(text), story?.explanation).toBe(true);
  });
});
