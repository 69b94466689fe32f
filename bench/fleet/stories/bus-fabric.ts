import { chance } from '../random.ts';
import { at, rebootFrom, type StoryKind, xid } from './story-kind.ts';

/** PCIe. */
export const busStories: readonly StoryKind[] = [
  {
    name: 'pcie_downtrain',
    category: 'bus',
    scope: 'gpu',
    description: 'The link trains down to fewer lanes or an older generation; transfers slow down, some replays.',
    hours: [6, 40],
    inject_minutes: 20,
    weight: 2,
    needs: ['pcie_link_gen', 'pcie_link_width'],
    effect(e, { seed }) {
      if (chance(seed, 1) < 0.5) e.pcie_width_max = chance(seed, 2) < 0.5 ? 4 : 8;
      else e.pcie_gen_max = chance(seed, 2) < 0.5 ? 1 : 2;
      e.pcie_replay_per_second += 0.08;
    },
    events: (course) => [{ at_ms: course.end_ms, target: 'gpu', what: { type: 'reset' } }],
  },
  {
    name: 'pcie_replays',
    category: 'bus',
    scope: 'gpu',
    description: 'A riser or connector goes bad: PCIe replays climb to several a second.',
    hours: [4, 24],
    inject_minutes: 20,
    weight: 1.5,
    needs: ['pcie_replay_total'],
    effect(e, { progress }) {
      e.pcie_replay_per_second += 0.4 + 6 * progress;
    },
    events: (course) => [{ at_ms: course.end_ms, target: 'gpu', what: { type: 'reset' } }],
  },
  {
    name: 'fallen_off_bus',
    category: 'bus',
    scope: 'gpu',
    description: 'XID 79: the board leaves the bus and is gone from the page until its node is rebooted.',
    hours: [1, 8],
    inject_minutes: 15,
    weight: 1.5,
    needs: ['xid_last'],
    effect(e, { ts_ms, start_ms, interval_ms }) {
      if (ts_ms > start_ms + 1.5 * interval_ms) e.vanished = true;
    },
    events: (course) => [
      xid(course.start_ms, 79),
      { at_ms: course.start_ms, target: 'gpu', what: { type: 'recovery', action: 2 } },
      { at_ms: course.end_ms, target: 'node', what: { type: 'reset' } },
    ],
    absences: (course) => [{ from_ms: rebootFrom(course), to_ms: course.end_ms, how: 'refuses' }],
  },
];

/** NVLink and its switches. */
export const fabricStories: readonly StoryKind[] = [
  {
    name: 'nvlink_crc',
    category: 'fabric',
    scope: 'gpu',
    description: 'A link of one board gets noisy: CRC errors up to 900 a second, replays, then XID 74 and recoveries.',
    hours: [8, 36],
    inject_minutes: 30,
    weight: 2,
    needs: ['nvlink_crc_flit_errors_total'],
    nvlink_only: true,
    effect(e, { progress }) {
      const rate = 2 + 900 * progress ** 3;
      e.crc_flit_per_second += rate;
      e.crc_data_per_second += rate * 0.15;
      e.link_replay_per_second += rate * 0.08;
      if (progress > 0.7) e.link_recovery_per_second += 0.02;
    },
    events: (course) => [
      xid(at(course, 0.7), 74),
      xid(at(course, 0.9), 74),
      { at_ms: course.end_ms, target: 'gpu', what: { type: 'reset' } },
    ],
  },
  {
    name: 'nvlink_down',
    category: 'fabric',
    scope: 'gpu',
    description:
      'Links of one board stay down after XID 74: less NVLink traffic than its peers, recoveries now and then.',
    hours: [3, 16],
    inject_minutes: 20,
    weight: 1,
    needs: ['nvlink_recovery_errors_total'],
    nvlink_only: true,
    effect(e, { seed }) {
      e.nvlink_ratio *= 0.45 + 0.3 * chance(seed, 3);
      e.link_recovery_per_second += 0.015;
    },
    events: (course) => [xid(course.start_ms, 74), { at_ms: course.end_ms, target: 'gpu', what: { type: 'reset' } }],
  },
  {
    name: 'nvswitch_domain',
    category: 'fabric',
    scope: 'node',
    description: 'A switch of the node fails: CRC errors, replays and XID 74 on all its boards within seconds.',
    hours: [1, 5],
    inject_minutes: 15,
    weight: 1,
    needs: ['nvlink_crc_flit_errors_total'],
    nvlink_only: true,
    effect(e) {
      e.crc_flit_per_second += 320;
      e.crc_data_per_second += 60;
      e.link_replay_per_second += 45;
      e.link_recovery_per_second += 0.05;
      e.nvlink_ratio *= 0.5;
    },
    events: (course) => [
      xid(course.start_ms, 74, 'node'),
      { at_ms: course.end_ms, target: 'node', what: { type: 'reset' } },
    ],
    absences: (course) => [{ from_ms: rebootFrom(course), to_ms: course.end_ms, how: 'refuses' }],
  },
];
