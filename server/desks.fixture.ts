import { VitalsError } from '../pipeline/contract/errors.ts';
import type { ApiParts } from './api-parts.ts';
import type { DeadLetterDesk } from './dead-letter-desk.ts';
import type { SimulationDesk } from './simulation-desk.ts';

/** Letters 1 to 3, newest first, of which the first has been sent again. */
export const cannedLetters = (at: number): DeadLetterDesk => {
  const letters = [3, 2, 1].map((position) => ({
    position,
    ts: at - 10_000,
    arrived_at: at - 5_000 + position,
    node: position === 2 ? 'n2' : 'n1',
    level: 'value' as const,
    reason: position === 1 ? ('late' as const) : ('out_of_range' as const),
    code: position === 1 ? ('GV-VAL-005' as const) : ('GV-VAL-001' as const),
    step: 'validate',
    detail: 'gpu_temp_celsius 9999 is above 150',
    content_type: 'text/plain',
    size_bytes: 4,
    retried_at: position === 1 ? at - 1_000 : null,
  }));
  const matching: (query: { reason?: string | undefined; node?: string | undefined }) => typeof letters = (query) =>
    letters.filter(
      ({ reason, node }) =>
        (query.reason === undefined || reason === query.reason) && (query.node === undefined || node === query.node),
    );
  return {
    async page(query, { limit, below = Number.POSITIVE_INFINITY }) {
      const found = matching(query).filter(({ position }) => position < below);
      return { items: found.slice(0, limit), next: found.length > limit ? (found[limit - 1]?.position ?? null) : null };
    },
    async count(query) {
      const counts = new Map<string, number>();
      for (const { reason } of matching(query)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
      return counts;
    },
    async show(position) {
      const found = letters.find((one) => one.position === position);
      if (found === undefined) throw new VitalsError('GV-CLI-002', 'no dead letter', '');
      return { ...found, original: '9999' };
    },
    async retry({ again, ...query }) {
      const found = matching(query).filter(
        ({ position }) => query.positions === undefined || query.positions.includes(position),
      );
      const sent = found.filter(({ retried_at }) => again || retried_at === null);
      return { retried: Math.min(sent.length, query.retried_max), skipped: found.length - sent.length };
    },
  };
};

/** Tells the story `thermal` of GPU-00. */
export const cannedSimulation = (at: number): SimulationDesk => ({
  stories: async () => [
    { name: 'thermal', category: 'thermal', description: 'too hot' },
    { name: 'ecc', category: 'memory', description: 'bad cells' },
  ],
  async inject(story, gpu_uuid) {
    if (story !== 'thermal' || gpu_uuid !== 'GPU-00') throw new VitalsError('GV-API-002', 'there is no such story', '');
    return { id: 'I1', story, gpu_uuid, since_ms: at, until_ms: at + 60_000 };
  },
});

/** One part that is well and one that is not. */
export const cannedFindings: ApiParts['examine'] & object = async () => [
  { part: 'nats', check: 'answer', state: 'ok', what: 'answers', action: '', figures: { round_trip_ms: 0.5 } },
  {
    part: 'questdb',
    check: 'tables',
    state: 'warn',
    what: 'one is suspended',
    action: 'resume it',
    code: 'GV-SNK-003',
    figures: {},
  },
];
