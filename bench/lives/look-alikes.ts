import { draw, draws, mix } from '../fleet/random.ts';
import type { Story } from '../fleet/story-schedule.ts';
import { storyOf } from './life-stories.ts';
import { between, LOOK_ALIKES, type LookAlike } from './look-alike-kinds.ts';
import type { LivesPlan } from './plan-lives.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const YEAR_DAYS = 365.25;

/**
 * Everything that happens without anybody failing, over all slots and the whole run, drawn apart from the lives. Rates
 * rise with the square root of the run's scale: training fleets are busier than real ones, but not all of the time.
 */
export function lookAlikeStories(plan: LivesPlan): Story[] {
  const { layout, sites, options } = plan;
  const { seed, start_ms, days, failure_rate_scale } = options;
  const end_ms = start_ms + days * DAY_MS;
  const racks = new Map<number, number[]>();
  for (const { index, position } of layout.nodes) {
    racks.set(position.rack, [...(racks.get(position.rack) ?? []), index]);
  }
  const places: Readonly<
    Record<LookAlike['scope'], readonly { readonly nodes: readonly number[]; readonly gpu: number }[]>
  > = {
    gpu: layout.nodes.flatMap((node) =>
      Array.from({ length: node.gpus }, (_, slot) => ({ nodes: [node.index], gpu: node.first + slot })),
    ),
    node: layout.nodes.map((node) => ({ nodes: [node.index], gpu: -1 })),
    rack: [...racks.values()].map((nodes) => ({ nodes, gpu: -1 })),
    fleet: [{ nodes: layout.nodes.map(({ index }) => index), gpu: -1 }],
  };
  const stories: Story[] = [];
  LOOK_ALIKES.forEach((kind, k) => {
    const per_day = (kind.per_year * (kind.scope === 'gpu' ? Math.sqrt(failure_rate_scale) : 1)) / YEAR_DAYS;
    places[kind.scope].forEach((place, p) => {
      const from = draws(mix(mix(seed ^ 0xa11ce, k), p));
      // What lasts long was under way when the run began.
      for (let ts = start_ms - kind.hours[1] * HOUR_MS * 0.4; ; ) {
        ts += (-Math.log(1 - draw(from)) / per_day) * DAY_MS;
        if (ts >= end_ms) return;
        const from_ms = Math.round(ts);
        const to_ms = Math.round(from_ms + between(from, ...kind.hours) * HOUR_MS);
        const luck = mix(from.state, k);
        if (to_ms <= start_ms) continue;
        const told = kind.tell({ start_ms: from_ms, end_ms: to_ms, from, seed: luck });
        const pages = sites[place.nodes[0] ?? 0]?.retires_pages === true;
        const events = told.events?.filter(({ what }) =>
          pages ? what.type !== 'remap_pending' : what.type !== 'retire',
        );
        stories.push(
          storyOf({
            ...told,
            ...(events ? { events } : {}),
            name: kind.name,
            ...place,
            start_ms: from_ms,
            end_ms: to_ms,
            seed: luck,
          }),
        );
      }
    });
  });
  return stories;
}
