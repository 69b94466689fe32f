import { expect, it } from 'vitest';
import { brief, type Happens, runEpisodes } from './episodes.fixture.ts';

const H = 3_600;

it.each<[string, Happens[], number, string[]]>([
  [
    'the same fault at once on GPUs of a node is the program, whatever its replicas are called',
    [
      { at: 0, gpu: 'GPU-a', xid: 31, job: 'ml/api-7c9d8f6b5-x2k9p' },
      { at: 1, gpu: 'GPU-b', xid: 31, job: 'ml/api-7c9d8f6b5-bb4bb' },
      { at: H, gpu: 'GPU-a', xid: 31, job: 'ml/api-5f6bc9d7f-c5c5c' },
      { at: H + 1, gpu: 'GPU-b', xid: 31, job: 'ml/api-5f6bc9d7f-d6d6d' },
    ],
    0,
    [
      'a *31 - warning application restart_application open x2',
      'b *31 - warning application restart_application open x2',
    ],
  ],
  [
    'retries of one program are no two jobs',
    [
      { at: 0, xid: 31, job: 'ml/train-x2k9p' },
      { at: H, xid: 31, job: 'ml/train-b7b7b' },
    ],
    0,
    ['a *31 - warning application restart_application open x2'],
  ],
  [
    'what half of a node shows again behind a reset is no reason to replace each of them',
    [
      ...['GPU-a', 'GPU-b'].map((gpu, i) => ({ at: i, gpu, xid: 79 })),
      ...['GPU-a', 'GPU-b'].map((gpu, i) => ({ at: 600 + i, gpu, reset: true as const })),
      ...['GPU-a', 'GPU-b'].map((gpu, i) => ({ at: 3 * H + i, gpu, xid: 79 })),
    ],
    3 * H,
    [
      'a *79 - critical bus reboot_node ended@0 x1 uncured',
      'b *79 - critical bus reboot_node ended@1 x1 uncured',
      'a *79 - critical bus reboot_node open x1',
      'b *79 - critical bus reboot_node open x1',
    ],
  ],
])('%s', (_, happenings, until, expected) => {
  expect(brief(runEpisodes(happenings, until).told)).toEqual(expected);
});
