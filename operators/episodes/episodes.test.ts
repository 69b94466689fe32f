import { describe, expect, it } from 'vitest';
import { brief, type Happens, runEpisodes } from './episodes.fixture.ts';

const H = 3_600;

describe('episodes', () => {
  it.each<[string, Happens[], number, string[]]>([
    [
      'a burst of three minutes is one story, its primary code the gravest that nothing explains',
      [
        { at: 0, xid: 45 },
        { at: 10, xid: 154 },
        { at: 20, xid: 79 },
        { at: 190, xid: 45 },
      ],
      600,
      ['a 45+154+*79 - critical bus reboot_node open x4'],
    ],
    [
      'two bursts of different codes are two stories',
      [
        { at: 0, xid: 13 },
        { at: 300, xid: 79 },
      ],
      310,
      ['a *13 - warning application restart_application ended@0 x1', 'a *79 - critical bus reboot_node open x1'],
    ],
    [
      'the same primary code within three hours goes on with the story',
      [
        { at: 0, xid: 63 },
        { at: 2 * H, xid: 63 },
        { at: 4 * H, xid: 63 },
      ],
      5 * H,
      [`a *63 - warning memory none ended@${4 * H} x3`],
    ],
    [
      'and later it is another story',
      [
        { at: 0, xid: 63 },
        { at: 3 * H + 1, xid: 63 },
      ],
      4 * H,
      ['a *63 - warning memory none ended@0 x1', `a *63 - warning memory none ended@${3 * H + 1} x1`],
    ],
    [
      'but a story that waits for its reset is the same one however late',
      [
        { at: 0, xid: 119 },
        { at: 30 * H, xid: 119 },
      ],
      31 * H,
      ['a *119 - critical driver reset_gpu open x2'],
    ],
    [
      'a remap that follows an uncorrectable error',
      [
        { at: 0, xid: 48 },
        { at: 1, xid: 63 },
        { at: 2, xid: 94 },
        { at: 3, xid: 45, count: 3 },
      ],
      0,
      ['a *48+63+94+45 - critical memory drain_and_reset open x6'],
    ],
    ['a remap alone', [{ at: 0, xid: 63 }], 0, ['a *63 - warning memory none open x1']],
    [
      'a pending remap',
      [
        { at: 0, xid: 63 },
        { at: 5, pending: true },
      ],
      0,
      ['a *63 - warning memory drain_and_reset open x1'],
    ],
    [
      'a failed remap',
      [
        { at: 0, failed: true },
        { at: 5, xid: 64 },
      ],
      0,
      ['a *64 - critical memory replace_gpu open x1'],
    ],
    [
      'a failed remap stays one to replace, whatever the driver asks for',
      [
        { at: 0, failed: true, action: 1 },
        { at: 5, xid: 64 },
        { at: 5, xid: 48 },
      ],
      0,
      ['a 64+*48 - critical memory replace_gpu open x2'],
    ],
    [
      'the driver knows better',
      [
        { at: 0, xid: 79 },
        { at: 5, action: 4 },
      ],
      0,
      ['a *79 - critical bus drain_and_reset open x1'],
    ],
    ['cleanup alone is nothing to act on', [{ at: 0, xid: 45 }], 0, ['a *45 - info application none open x1']],
    ['a code that nobody knows', [{ at: 0, xid: 9_999 }], 0, ['a *9999 - warning unknown none open x1']],
    [
      'the same fault on two GPUs of one job is the program',
      [
        { at: 0, gpu: 'GPU-a', xid: 31, job: 'train' },
        { at: 40, gpu: 'GPU-b', xid: 13, job: 'train' },
      ],
      0,
      [
        'a *31 - warning application restart_application open x1',
        'b *13 - warning application restart_application open x1',
      ],
    ],
    [
      'the same fault on one GPU under two jobs is the GPU',
      [
        { at: 0, xid: 31, job: 'train' },
        { at: 5 * H, xid: 31, job: 'infer' },
      ],
      5 * H,
      ['a *31 - warning application restart_application ended@0 x1', 'a *31 - warning unknown drain_and_reset open x1'],
    ],
    [
      'the same fault again under the same job says nothing of the GPU',
      [
        { at: 0, xid: 31, job: 'train' },
        { at: H, xid: 31, job: 'train' },
        { at: 2 * H, xid: 31, job: 'train' },
      ],
      0,
      ['a *31 - warning application restart_application open x3'],
    ],
    [
      'without a known job it takes three times',
      [
        { at: 0, xid: 31 },
        { at: H, xid: 31 },
        { at: 2 * H, xid: 31 },
      ],
      0,
      ['a *31 - warning unknown drain_and_reset open x3'],
    ],
    [
      'jobs that fault everywhere do not make one of their GPUs suspect',
      [
        { at: 0, gpu: 'GPU-a', xid: 31, job: 'one' },
        { at: 1, gpu: 'GPU-b', xid: 31, job: 'one' },
        { at: H, gpu: 'GPU-a', xid: 31, job: 'two' },
        { at: H + 1, gpu: 'GPU-b', xid: 31, job: 'two' },
      ],
      0,
      [
        'a *31 - warning application restart_application open x2',
        'b *31 - warning application restart_application open x2',
      ],
    ],
    [
      'five critical bursts a day are enough',
      [0, 4, 8, 12, 16].map((h) => ({ at: h * H, xid: 119 })),
      0,
      ['a *119 - critical driver replace_gpu open x5'],
    ],
    [
      'five codes of one burst are one',
      [0, 10, 20, 30, 40, 50].map((s) => ({ at: s, xid: 119 })),
      0,
      ['a *119 - critical driver reset_gpu open x6'],
    ],
    [
      'a reset that cures',
      [
        { at: 0, xid: 119 },
        { at: 600, reset: true },
      ],
      25 * H,
      ['a *119 - critical driver reset_gpu ended@0 x1 cured'],
    ],
    [
      'a reset that does not: it is back within a day, and asks for more',
      [
        { at: 0, xid: 119 },
        { at: 60, reset: true },
        { at: 90, xid: 119 },
      ],
      25 * H,
      ['a *119 - critical driver reset_gpu ended@0 x1 uncured', 'a *119 - critical driver reboot_node open x1'],
    ],
    [
      'other trouble behind a reset says nothing of the cure',
      [
        { at: 0, xid: 119 },
        { at: 60, reset: true },
        { at: 90, xid: 13 },
      ],
      25 * H,
      [
        'a *119 - critical driver reset_gpu ended@0 x1 cured',
        'a *13 - warning application restart_application ended@90 x1',
      ],
    ],
    ['silence is no cure', [{ at: 0, xid: 119 }], 6 * 24 * H, ['a *119 - critical driver reset_gpu open x1']],
    [
      'a lost GPU is a story without codes, as long as it is lost',
      [
        { at: 0, anomaly: 'gpu_lost' },
        { at: 7_200, anomaly: 'gpu_lost', opened: 0, closed: 7_200 },
      ],
      8_000,
      ['a - gpu_lost critical bus reboot_node ended@7200 x1'],
    ],
    ['a warning alone is none', [{ at: 0, anomaly: 'ecc_sbe_rate', severity: 'warning' }], 0, []],
    [
      'a warning that grows critical',
      [
        { at: 0, anomaly: 'ecc_sbe_rate', severity: 'warning' },
        { at: 60, anomaly: 'ecc_sbe_rate', opened: 0 },
      ],
      60,
      ['a - ecc_sbe_rate critical memory drain_and_reset open x1'],
    ],
    [
      'a warning of the same kind belongs to what it led to',
      [
        { at: 0, anomaly: 'ecc_sbe_rate', severity: 'warning' },
        { at: 7_200, xid: 48 },
        { at: 7_300, anomaly: 'gpu_temp', severity: 'warning' },
      ],
      0,
      ['a *48 ecc_sbe_rate+gpu_temp critical memory reset_gpu open x3'],
    ],
    [
      'info does not',
      [
        { at: 0, xid: 48 },
        { at: 1, anomaly: 'zscore', severity: 'info' },
      ],
      0,
      ['a *48 - critical memory reset_gpu open x1'],
    ],
    [
      'the bus goes, the GPU is lost, the host reboots, all is well',
      [
        { at: 0, xid: 79 },
        { at: 30, anomaly: 'gpu_lost' },
        { at: 900, reset: true },
        { at: 900, anomaly: 'gpu_lost', opened: 30, closed: 900 },
      ],
      26 * H,
      ['a *79 gpu_lost critical bus reboot_node ended@900 x2 cured'],
    ],
    [
      'an anomaly that a reset does not end',
      [
        { at: 0, anomaly: 'ecc_sbe_rate' },
        { at: 900, reset: true },
      ],
      26 * H,
      ['a - ecc_sbe_rate critical memory drain_and_reset open x1 uncured'],
    ],
    [
      'a silent node',
      [{ at: 0, gpu: '', anomaly: 'node_silent' }],
      0,
      [' - node_silent critical unknown none open x1'],
    ],
    [
      'instances of one board share its story',
      [
        { at: 0, instance: '3', xid: 94 },
        { at: 10, instance: '5', xid: 45 },
      ],
      0,
      ['a *94+45 - warning memory restart_application open x2'],
    ],
    [
      'a code that comes late does not move the beginning',
      [
        { at: 100, xid: 48 },
        { at: 60, xid: 45 },
      ],
      0,
      ['a *48+45 - critical memory reset_gpu open x2'],
    ],
  ])('%s', (_, happenings, until, expected) => {
    expect(brief(runEpisodes(happenings, until).told)).toEqual(expected);
  });
});
