import type { XidEvent } from '../../pipeline/contract/events.ts';
import type { Emit, GroupView } from '../../pipeline/contract/operator.ts';
import type { BoardRecord } from './board-record.ts';
import { type EpisodeState, factsAt, homeAt } from './episode-state.ts';
import type { EpisodesOptions, EpisodesPorts } from './episodes.ts';
import { blameFor, type Fault, sharesBurst, sharesFault } from './fault-spread.ts';
import { type Hit, noteShared } from './shared-fault.ts';
import { episodeOf, judge, type Story } from './story.ts';

/** Acquits the boards of a node of which half show the same, and tells their stories anew. */
export function acquitShared(
  event: XidEvent,
  story: Story,
  group: GroupView,
  state: EpisodeState,
  emit: Emit<EpisodesPorts>,
  options: EpisodesOptions,
): void {
  const node = group.registry.nodes.indexOf(event.node);
  const hits = (state.hits[node] ?? []) as Hit[];
  const shared = noteShared(hits, event, group, options.repeat_window);
  state.hits[node] = hits.length > 0 ? hits : null;
  for (const uuid of shared?.gpus ?? []) {
    const cell = homeAt(state, group, { gpu_uuid: uuid, instance: '' });
    const theirs = cell < 0 ? null : (state.board[cell] as BoardRecord | null);
    for (const one of theirs?.stories ?? []) {
      if (!one.xids.includes(event.xid)) continue;
      one.shared = shared?.text ?? '';
      if (one === story) continue;
      if (judge(one, factsAt(state, { column: 'board', cell }, options))) emit('episodes', episodeOf(one));
    }
  }
}

/** Who is to blame for a fault that a program can cause; tells stories of the job's other GPUs anew when they share it. */
export function blame(
  event: XidEvent,
  record: BoardRecord,
  story: Story,
  group: GroupView,
  state: EpisodeState,
  emit: Emit<EpisodesPorts>,
  options: EpisodesOptions,
): void {
  const rules = { window: options.repeat_window, gap: options.burst_gap };
  const node = group.registry.nodes.indexOf(event.node);
  const faults = (state.faults[node] ?? []) as Fault[];
  const { verdict, gpus } = blameFor(event, faults, record.bursts, rules);
  state.faults[node] = faults;
  story.verdict = verdict ?? story.verdict;
  for (const uuid of gpus) {
    const cell = homeAt(state, group, { gpu_uuid: uuid, instance: '' });
    const other = cell < 0 ? null : (state.board[cell] as BoardRecord | null);
    if (other === null || other === record) continue;
    for (const burst of other.bursts) if (sharesBurst(burst, event, rules)) burst.spread = true;
    for (const theirs of other.stories) {
      if (!sharesFault(theirs, event, rules) || theirs.verdict?.by === 'application') continue;
      theirs.verdict = verdict;
      if (judge(theirs, factsAt(state, { column: 'board', cell }, options))) emit('episodes', episodeOf(theirs));
    }
  }
}
