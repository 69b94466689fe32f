import { describe, expect, it } from 'vitest';
import type { Incident } from '../../pipeline/contract/events.ts';
import { GroupState } from '../core/group-state.ts';
import { keepForFleet } from '../core/keep-for-fleet.fixture.ts';
import { random, START_MS } from '../core/laws.fixture.ts';
import { runFleet } from '../core/run-fleet.ts';
import { at, brief, episode, type Fault, gpus, HGX, lastOf, NVL72, OPTIONS, run } from './incidents.fixture.ts';
import { incidents } from './incidents.ts';

const nothing = (): void => undefined;

const fabric = { xids: [149], category: 'fabric', severity: 'warning' } as const;
const link = { xids: [74], category: 'fabric' } as const;
const driver = { xids: [119], category: 'driver' } as const;
const lost = { anomalies: ['gpu_lost'], category: 'bus', action: 'reboot_node' } as const;
const hot = { anomalies: ['thermal_margin'], category: 'thermal', action: 'none' } as const;
const braked = { anomalies: ['power_brake'], category: 'power', action: 'none' } as const;
const program = { xids: [31], category: 'application', severity: 'warning', action: 'restart_application' } as const;
const memory = { xids: [95], category: 'memory' } as const;

describe('incidents', () => {
  it.each<[string, Fault[], string[]]>([
    [
      'a critical episode alone',
      [{ at: 0, gpu: 'h1/0', ...memory }],
      ['gpu GPU-h1/0 memory critical reset_gpu open 1 GPUs 1 nodes'],
    ],
    ['a warning alone is none', [{ at: 0, gpu: 'h1/0', ...program, job: 'j' }], []],
    [
      'two that have nothing in common',
      [
        { at: 0, gpu: 'h1/0', ...memory },
        { at: 1, gpu: 'h1/1', ...memory },
      ],
      [
        'gpu GPU-h1/0 memory critical reset_gpu open 1 GPUs 1 nodes',
        'gpu GPU-h1/1 memory critical reset_gpu open 1 GPUs 1 nodes',
      ],
    ],
    [
      '72 GPUs over one switch',
      gpus(NVL72, 4).map((gpu, i) => ({ at: i * 0.5, gpu, ...fabric })),
      ['nvlink_domain rack-g fabric critical drain_and_reset open 72 GPUs 18 nodes'],
    ],
    [
      '72 GPUs over one switch, all at once and critical',
      gpus(NVL72, 4).map((gpu) => ({ at: 0, gpu, ...link })),
      ['nvlink_domain rack-g fabric critical drain_and_reset open 72 GPUs 18 nodes'],
    ],
    [
      'the eight of one host, whose domain is the node',
      gpus(['h1'], 8).map((gpu, i) => ({ at: i, gpu, ...link })),
      ['nvlink_domain h1 fabric critical drain_and_reset open 8 GPUs 1 nodes'],
    ],
    [
      'two hosts at once are two domains',
      gpus(['h1', 'h2'], 8).map((gpu) => ({ at: 0, gpu, ...link })),
      [
        'nvlink_domain h1 fabric critical drain_and_reset open 8 GPUs 1 nodes',
        'nvlink_domain h2 fabric critical drain_and_reset open 8 GPUs 1 nodes',
      ],
    ],
    [
      'the two ends of one link',
      [
        { at: 0, gpu: 'h1/0', ...link },
        { at: 3, gpu: 'h1/5', ...link },
      ],
      ['gpu GPU-h1/0 fabric critical reset_gpu open 2 GPUs 1 nodes'],
    ],
    [
      'link errors an hour apart',
      [0, 3_600, 7_200].map((s, i) => ({ at: s, gpu: `h1/${i}`, ...link })),
      [0, 1, 2].map((i) => `gpu GPU-h1/${i} fabric critical reset_gpu open 1 GPUs 1 nodes`),
    ],
    [
      'half the GPUs of a node',
      gpus(['h1'], 4).map((gpu, i) => ({ at: i * 20, gpu, ...driver })),
      ['node h1 driver critical reboot_node open 4 GPUs 1 nodes'],
    ],
    [
      'fewer than half',
      gpus(['h1'], 3).map((gpu, i) => ({ at: i * 20, gpu, ...driver })),
      ['gpu GPU-h1/0 driver critical reset_gpu open 3 GPUs 1 nodes'],
    ],
    [
      'the GPUs of a node that heat up hours apart, as after a fan',
      gpus(['h1'], 4).map((gpu, i) => ({ at: i * 5_000, gpu, ...hot })),
      ['node h1 thermal critical none open 4 GPUs 1 nodes'],
    ],
    [
      'the GPUs of a node whose power brake is pulled',
      gpus(['h1'], 8).map((gpu) => ({ at: 0, gpu, ...braked })),
      ['node h1 power critical none open 8 GPUs 1 nodes'],
    ],
    [
      'two hot GPUs of eight, and a braked one: nothing that a node has done',
      [
        { at: 0, gpu: 'h1/0', ...hot },
        { at: 20, gpu: 'h1/1', ...hot },
        { at: 20, gpu: 'h1/2', ...braked },
      ],
      [
        'gpu GPU-h1/0 thermal critical none open 2 GPUs 1 nodes',
        'gpu GPU-h1/2 power critical none open 1 GPUs 1 nodes',
      ],
    ],
    [
      'hot nodes side by side are two',
      gpus(['h1', 'h2'], 8).map((gpu) => ({ at: 0, gpu, ...hot })),
      ['node h1 thermal critical none open 8 GPUs 1 nodes', 'node h2 thermal critical none open 8 GPUs 1 nodes'],
    ],
    [
      'a node that nobody reports any more',
      [{ at: 0, gpu: 'h1', anomalies: ['node_silent'], action: 'none' }],
      ['node h1 unknown critical none open 0 GPUs 1 nodes'],
    ],
    [
      'nodes of one rack that go silent',
      ['h1', 'h2', 'h3'].map((gpu, i) => ({ at: i * 30, gpu, anomalies: ['node_silent'], action: 'none' as const })),
      ['rack rack-h unknown critical none open 0 GPUs 3 nodes'],
    ],
    [
      'lost GPUs of several nodes of one rack',
      gpus(['h1', 'h2'], 8).map((gpu, i) => ({ at: i * 5, gpu, ...lost })),
      ['rack rack-h unknown critical none open 16 GPUs 2 nodes'],
    ],
    [
      'lost GPUs of nodes of several racks',
      gpus(['h1', 'h4'], 8).map((gpu) => ({ at: 0, gpu, ...lost })),
      ['node h1 bus critical reboot_node open 8 GPUs 1 nodes', 'node h4 bus critical reboot_node open 8 GPUs 1 nodes'],
    ],
    [
      'program faults on GPUs of one job, on many nodes',
      gpus(['h1', 'h2', 'h4'], 8).map((gpu, i) => ({ at: i, gpu, ...program, job: 'train' })),
      ['job train application warning restart_application open 24 GPUs 3 nodes'],
    ],
    [
      'program faults of several jobs',
      gpus(['h1'], 4).map((gpu, i) => ({ at: i, gpu, ...program, job: `job-${i}` })),
      [],
    ],
    [
      'closes with its last episode',
      [
        { at: 0, gpu: 'h1/0', ...link },
        { at: 5, gpu: 'h1/1', ...link },
        { at: 0, told: 200, gpu: 'h1/0', ...link, ended_at: at(20) },
        { at: 5, told: 300, gpu: 'h1/1', ...link, ended_at: at(110) },
      ],
      ['gpu GPU-h1/0 fabric critical reset_gpu closed 2 GPUs 1 nodes'],
    ],
    [
      'opens nothing for what was over when it was first seen',
      [{ at: 0, told: 90_000, gpu: 'h1/0', ...memory, ended_at: at(10), cured: true }],
      [],
    ],
    [
      'two incidents that turn out to be one go on as the older',
      [
        { at: 0, gpu: 'g1/0', ...driver },
        ...gpus(['g2', 'g3'], 4).map((gpu) => ({ at: 10, gpu, ...fabric })),
        { at: 0, told: 60, gpu: 'g1/0', xids: [119, 149], category: 'driver' },
      ],
      [
        'nvlink_domain rack-g fabric critical drain_and_reset closed 8 GPUs 2 nodes',
        'nvlink_domain rack-g fabric critical drain_and_reset open 9 GPUs 3 nodes',
      ],
    ],
  ])('%s', (_, faults, expected) => {
    expect(brief(run(faults)).toSorted()).toEqual(expected.toSorted());
  });

  it('keeps its id and ts while it grows, from the first GPU to the domain', () => {
    const told = run(gpus(NVL72, 4).map((gpu, i) => ({ at: i * 0.5, gpu, ...link })));
    expect(new Set(told.map(({ id, ts, opened_at }) => `${id} ${ts} ${opened_at}`)).size).toBe(1);
    expect(told[0]).toMatchObject({ scope: 'gpu', opened_at: at(0) });
    expect(told[2]).toMatchObject({ scope: 'nvlink_domain', gpus: ['GPU-g1/0', 'GPU-g1/1', 'GPU-g1/2'] });
  });

  it('tells the evidence in numbers', () => {
    const faults = [
      { at: 0, gpu: 'h1/0', xids: [79], category: 'bus' },
      ...gpus(['h1'], 8)
        .slice(1)
        .map((gpu, i) => ({ at: 10 + i, gpu, ...link })),
    ];
    const [row] = lastOf(run(faults));
    expect(row).toMatchObject({ scope: 'nvlink_domain', gpu_uuid: 'GPU-h1/0', node: 'h1' });
    expect(row?.evidence).toEqual([
      'XID 74 on 7 GPUs, XID 79 on 1 GPU, within 16 s from 2026-01-01 00:00:00 UTC on.',
      '7 of 8 GPUs of NVLink domain h1 show link errors, on 1 node: a failing link shows on its two ends only.',
      'GPU-h1/0 was lost meanwhile, and a lost GPU breaks the links of its peers.',
    ]);
    expect(row?.summary).toBe(
      '7 of 8 GPUs of NVLink domain h1 show link errors: a switch, or what the domain shares, is the likely origin. Drain the GPU and reset it, after a look at the switches.',
    );
  });

  it('says where to look when a story has no action', () => {
    const hot = { at: 0, gpu: 'h1/0', anomalies: ['thermal_margin'], category: 'thermal', action: 'none' } as const;
    expect(lastOf(run([hot]))[0]?.summary).toBe(
      'GPU-h1/0 on node h1: thermal_margin (thermal). Look at its cooling first.',
    );
  });

  it('keeps the replacement of a GPU that the driver wants reset first', () => {
    const order = 'Reset the GPU to contain it, then replace it';
    const failed = { at: 0, gpu: 'h1/0', ...memory, action: 'replace_gpu' } as const;
    const [row] = lastOf(run([{ ...failed, explanation: `XID 95. ${order}: the driver asks for the first.` }]));
    expect(row).toMatchObject({ action: 'replace_gpu', summary: `GPU-h1/0 on node h1: XID 95 (memory). ${order}.` });
    const [plain] = lastOf(
      run([{ ...failed, explanation: 'XID 95. Take the GPU out and replace it: it is worn out.' }]),
    );
    expect(plain?.summary).toBe('GPU-h1/0 on node h1: XID 95 (memory). Take the GPU out and replace it.');
  });

  it('blames what the GPUs of a node share for heat, and says how many', () => {
    const [row] = lastOf(run(gpus(['h1'], 5).map((gpu, i) => ({ at: i * 60, gpu, ...hot }))));
    expect(row?.evidence).toEqual([
      'thermal_margin on 5 GPUs, within 4 min from 2026-01-01 00:00:00 UTC on.',
      "5 of 8 GPUs of node h1 run too hot; one GPU's fault does not spread over its host.",
    ]);
    expect(row?.summary).toBe(
      '5 of 8 GPUs of node h1 run too hot: the cooling that they share is the likely origin. Look at its fans, inlet air or coolant before its GPUs.',
    );
  });

  it('closes at the end of its last episode, and opens again with it', () => {
    const fault = { at: 0, gpu: 'h1/0', ...driver };
    const told = run([fault, { ...fault, told: 200, ended_at: at(20) }, { ...fault, told: 3_600 }]);
    expect(told.map(({ state, closed_at }) => [state, closed_at])).toEqual([
      ['open', null],
      ['closed', at(20)],
      ['open', null],
    ]);
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
  });

  it('does not repeat itself when an episode only counts on', () => {
    const fault = { at: 0, gpu: 'h1/0', ...driver };
    expect(run([fault, ...[10, 20, 30].map((told) => ({ ...fault, told, count: told }))]).length).toBe(1);
  });

  it('knows nothing of sizes without an inventory, and blames what it sees', () => {
    const faults = gpus(['x'], 2).map((gpu) => ({ at: 0, gpu, ...driver }));
    expect(brief(run(faults, { assets: [] }))).toEqual(['node x driver critical reboot_node open 2 GPUs 1 nodes']);
  });

  it('tells an incident of thousands of GPUs now and then only', () => {
    const nodes = Array.from({ length: 400 }, (_, i) => `n${i}`);
    const faults = gpus(nodes, 4).map((gpu, i) => ({ at: i / 40, gpu, ...program, job: 'huge' }));
    const told = run(faults, { piece: 50 });
    expect(brief(told)).toEqual(['job huge application warning restart_application open 1600 GPUs 400 nodes']);
    expect(told.length).toBeLessThan(140);
  });

  it.each([1, 2, 3])('tells the same under any cut and behind any snapshot (seed %d)', (seed) => {
    const faults = storm(seed);
    const whole = run(faults);
    expect(whole.length).toBeGreaterThan(20);
    for (const piece of [1, 7, faults.length]) {
      expect(run(faults, { piece, restore: true })).toEqual(piece === 1 ? whole : run(faults, { piece }));
      expect(lastOf(run(faults, { piece })).toSorted(byId)).toEqual(lastOf(whole).toSorted(byId));
    }
  });

  it('forgets closed incidents in time', () => {
    const fleet = new GroupState(0);
    const operator = incidents(OPTIONS);
    for (const told of [0, 200]) {
      const one = episode({ at: 0, gpu: 'h1/0', ...driver, ended_at: told > 0 ? at(20) : null });
      keepForFleet('i', operator, fleet, 'episodes', one, at(told));
      runFleet('i', operator, fleet, { began: START_MS, now: at(told) }, nothing);
    }
    runFleet('i', operator, fleet, { began: START_MS, now: at(4 * 3_600) }, nothing);
    expect(fleet.columns('i', operator.state).desk[0]).toMatchObject({ map: {}, cases: [], loose: [] });
  });
});

const byId = (a: Incident, b: Incident): number => (a.id < b.id ? -1 : 1);

/** Seeded episodes of many kinds all over the fleet, most of which end. */
function storm(seed: number): Fault[] {
  const next = random(seed);
  const all = gpus([...HGX, ...NVL72], 4);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  return Array.from({ length: 60 }, (_, i) => i).flatMap((i): Fault[] => {
    const fault = {
      at: i * 20 + Math.floor(next() * 20),
      gpu: pick(all),
      ...pick([fabric, link, driver, lost, program, memory]),
    };
    const begun = { ...fault, job: pick(['', 'j', 'k']) };
    const end = fault.at + Math.floor(next() * 400);
    return next() < 0.2 ? [begun] : [begun, { ...begun, told: end + 180, ended_at: at(end) }];
  });
}
