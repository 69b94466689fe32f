import { at, type StoryKind, xid } from './story-kind.ts';

const STORM_PER_SECOND = 17_700;
const QUIET_PER_SECOND = 0.02;

/** HBM that wears out, from correctable errors nobody looks at to a row that cannot be spared. */
export const memoryStories: readonly StoryKind[] = [
  {
    name: 'sbe_slow_burn',
    category: 'memory',
    scope: 'gpu',
    description:
      'Corrected memory errors grow from one a minute to a storm of 17,700 a second; never an uncorrectable one, never an XID.',
    hours: [20, 60],
    inject_minutes: 45,
    weight: 3,
    needs: ['ecc_sbe_volatile_total'],
    effect(e, { progress, start_ms, end_ms }) {
      e.sbe_per_second += QUIET_PER_SECOND * (STORM_PER_SECOND / QUIET_PER_SECOND) ** progress;
      e.correctable_rows_per_second += (60 * progress * 1000) / (end_ms - start_ms);
    },
    events: (course) => [{ at_ms: course.end_ms, target: 'gpu', what: { type: 'repair' } }],
  },
  {
    name: 'dbe_row_remap',
    category: 'memory',
    scope: 'gpu',
    description:
      'Uncorrectable errors, contained: XID 48, 63, 94, a row remap waits for the reset that ends the story.',
    hours: [2, 9],
    inject_minutes: 20,
    weight: 2,
    needs: ['ecc_dbe_volatile_total', 'row_remap_pending'],
    events: (course) => {
      const first = at(course, 0.05);
      const second = at(course, 0.55);
      return [
        { at_ms: first, target: 'gpu', what: { type: 'dbe', count: 1 } },
        xid(first, 48),
        xid(first + 2_000, 63),
        { at_ms: first + 2_000, target: 'gpu', what: { type: 'remap_pending' } },
        { at_ms: first + 2_000, target: 'gpu', what: { type: 'recovery', action: 1 } },
        xid(first + 3_000, 94),
        { at_ms: second, target: 'gpu', what: { type: 'dbe', count: 2 } },
        xid(second, 48),
        xid(second + 3_000, 94),
        { at_ms: course.end_ms, target: 'gpu', what: { type: 'reset' } },
      ];
    },
  },
  {
    name: 'row_remap_failure',
    category: 'memory',
    scope: 'gpu',
    description:
      'No spare rows are left: corrected errors first, then XID 48, 64, 95 and a failed remap until the board is changed.',
    hours: [8, 30],
    inject_minutes: 30,
    weight: 1,
    needs: ['row_remap_failed', 'ecc_dbe_volatile_total'],
    effect(e, { progress }) {
      e.sbe_per_second += 0.05 + 3 * progress;
    },
    events: (course) => {
      const failure = at(course, 0.5);
      return [
        { at_ms: failure, target: 'gpu', what: { type: 'dbe', count: 3 } },
        xid(failure, 48),
        xid(failure + 1_000, 64),
        { at_ms: failure + 1_000, target: 'gpu', what: { type: 'remap_failed' } },
        { at_ms: failure + 1_000, target: 'gpu', what: { type: 'recovery', action: 4 } },
        xid(failure + 4_000, 95),
        { at_ms: course.end_ms, target: 'gpu', what: { type: 'repair' } },
      ];
    },
  },
  {
    name: 'page_retirement',
    category: 'memory',
    scope: 'gpu',
    description: 'Pages are retired one after the other, each with XID 63, and wait for a reset.',
    hours: [6, 24],
    inject_minutes: 25,
    weight: 1,
    needs: ['retired_pages_dbe_total', 'retired_pages_pending'],
    effect(e) {
      e.sbe_per_second += 0.2;
    },
    events: (course) => [
      ...[0.05, 0.3, 0.55, 0.8].flatMap((progress, k) => [
        {
          at_ms: at(course, progress),
          target: 'gpu' as const,
          what: { type: 'retire' as const, sbe: k + 1, dbe: 1 + (k % 2) },
        },
        xid(at(course, progress), 63),
      ]),
      { at_ms: course.end_ms, target: 'gpu', what: { type: 'reset' } },
    ],
  },
];
