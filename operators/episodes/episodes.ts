import type { Anomaly, Episode, XidEvent } from '../../pipeline/contract/events.ts';
import type { Emit, GroupView, ItemOperator } from '../../pipeline/contract/operator.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { xidEntry } from '../../pipeline/contract/xids.ts';
import type { BoardCondition } from '../xids/board-conditions.ts';
import {
  type BoardRecord,
  type Happening,
  happeningOfAnomaly,
  happeningOfXid,
  isEmpty,
  noteFatal,
  sameTrouble,
  storyFor,
} from './board-record.ts';
import { endLost, endQuiet } from './end-stories.ts';
import { EPISODE_STATE, type EpisodeState, factsAt, homeAt, type Place, recordAt } from './episode-state.ts';
import { type Fault, mayBeApplication } from './fault-spread.ts';
import type { Hit } from './shared-fault.ts';
import { addAnomaly, addXid, episodeOf, judge, newStory, type Story } from './story.ts';
import { acquitShared, blame } from './whose-fault.ts';

export interface EpisodesOptions {
  /** Pause after which an episode has ended: XIDs come in bursts. */
  readonly burst_gap: DurationMs;
  /** How long the same primary code reopens an episode that has ended. */
  readonly sticky: DurationMs;
  /** In which repeats on one GPU, and faults of one job, are counted. */
  readonly repeat_window: DurationMs;
  /** Bursts of critical XIDs within `repeat_window` that make a GPU one to replace. */
  readonly fatal_bursts_max: number;
  /** Quiet time behind a reset that means cured. */
  readonly cured_after: DurationMs;
  /** How long an episode waits for a reset, and for a lost GPU to come back. */
  readonly await_reset: DurationMs;
  /** Episodes kept per GPU. */
  readonly episodes_max: number;
}

interface EpisodesInputs {
  readonly conditions: BoardCondition;
  readonly xids: XidEvent;
  readonly anomalies: Anomaly;
}

export interface EpisodesPorts {
  readonly episodes: Episode;
}

const WATCHED_MAX = 16;
/** Two signs of a reset that close together are one reset. */
const SAME_RESET_MS = 60_000;
const MINUTE_MS = 60_000 as DurationMs;

/**
 * Merges XIDs and anomalies of one GPU into one story each.
 *
 * Input    xids; anomalies of warning or critical severity (a warning alone begins no episode); conditions of boards.
 * Output   episodes: the whole row again, under the same id and ts, whenever one begins, grows, ends, or its cure is known.
 * Waiting  silence does not end what a reset alone can (a critical XID whose remedy is one): it stays open, says so, and ends
 *          with the first reset that is seen, or after `await_reset`.
 * Time     event time. Every minute ends what has been quiet; `ended_at` is the last sign of it, never the timer's instant.
 * State    10 B per GPU, and a record per GPU in trouble: at most `episodes_max` episodes, 16 open anomalies, 16 bursts of
 *          faults; per node at most 64 faults and 64 hits. Without an event for `await_reset` a record is gone, also that of a GPU that
 *          is still lost: it may long be back under another group, which cannot be told here.
 * Cost     O(episodes of the GPU) per item, O(GPUs of the group) per minute, no cost per row.
 * Errors   none; items of GPUs that the group has never seen are left out.
 * Source   thresholds after NVSentinel (bursts of 3 min, sticky for 3 h, five fatal ones a day).
 */
export const episodes = (
  options: EpisodesOptions,
): ItemOperator<EpisodesInputs, typeof EPISODE_STATE, EpisodesPorts> => ({
  name: 'episodes',
  summary: 'XIDs and anomalies of one GPU as one story, with its cause, its cure and what to do',
  state: EPISODE_STATE,
  ports: ['episodes'],
  on: {
    conditions: (item, group, state, emit) => takeCondition(item, group, state, emit, options),
    xids: (item, group, state, emit) => takeXid(item, group, state, emit, options),
    anomalies: (item, group, state, emit) => takeAnomaly(item, group, state, emit, options),
  },
  timer: {
    every: MINUTE_MS,
    onTime(now, _, state, emit) {
      for (const column of ['board', 'host'] as const) {
        for (let cell = 0; cell < state[column].length; cell++) {
          if (state[column][cell] !== null) passTime({ column, cell }, now, state, emit, options);
        }
      }
      for (let node = 0; node < state.faults.length; node++) {
        const faults = state.faults[node] as Fault[] | null;
        if (faults?.every(({ ts }) => now - ts > options.repeat_window)) state.faults[node] = null;
        const hits = state.hits[node] as Hit[] | null;
        if (hits?.every(({ ts }) => now - ts > options.repeat_window)) state.hits[node] = null;
      }
    },
  },
});

type Tell = Emit<EpisodesPorts>;

function takeXid(event: XidEvent, group: GroupView, state: EpisodeState, emit: Tell, options: EpisodesOptions): void {
  const cell = homeAt(state, group, event);
  if (cell < 0) return;
  const place: Place = { column: 'board', cell };
  const record = recordAt(state, place);
  endQuiet(record, event.ts, emit, options);
  const instance = group.registry.gpus[cell]?.instance ?? '';
  const at = { gpu_uuid: event.gpu_uuid, instance, node: event.node, ts: event.ts, cause: `xid ${event.xid}` };
  const story = join(record, happeningOfXid(event), at, state, place, emit, options);
  addXid(story, event);
  const { severity, follows } = xidEntry(event.xid);
  if (severity === 'critical' && follows !== 'any') {
    story.fatal_bursts = noteFatal(record, event.ts, options.repeat_window, options.burst_gap);
  }
  state.board[cell] = record;
  acquitShared(event, story, group, state, emit, options);
  if (mayBeApplication(event.xid)) blame(event, record, story, group, state, emit, options);
  judge(story, factsAt(state, place, options));
  emit('episodes', episodeOf(story));
}

function takeAnomaly(item: Anomaly, group: GroupView, state: EpisodeState, emit: Tell, options: EpisodesOptions): void {
  const place: Place =
    item.gpu_uuid === ''
      ? { column: 'host', cell: group.registry.nodes.indexOf(item.node) }
      : { column: 'board', cell: homeAt(state, group, item) };
  if (item.severity === 'info' || place.cell < 0) return;
  const record = recordAt(state, place);
  endQuiet(record, item.state === 'closed' ? (item.closed_at ?? item.ts) : item.opened_at, emit, options);
  if (item.state === 'closed') closeAnomaly(record, item, emit);
  else {
    let watched = record.watched.find(({ id }) => id === item.id);
    if (watched === undefined) {
      const { id, type, metric, opened_at, severity, explanation } = item;
      watched = { id, type, metric, opened_at, severity, explanation };
      record.watched.push(watched);
      if (record.watched.length > WATCHED_MAX) record.watched.shift();
    }
    watched.severity = item.severity;
    watched.explanation = item.explanation;
    const happening = happeningOfAnomaly(watched);
    const mine = record.stories.find(({ open }) => open.includes(item.id)) ?? storyFor(record, happening, options);
    if (mine !== undefined || item.severity === 'critical') {
      const instance = place.column === 'board' ? (group.registry.gpus[place.cell]?.instance ?? '') : '';
      const at = { gpu_uuid: item.gpu_uuid, instance, node: item.node, ts: item.opened_at, cause: item.type };
      const story = mine ?? join(record, happening, at, state, place, emit, options);
      addAnomaly(story, watched);
      judge(story, factsAt(state, place, options));
      emit('episodes', episodeOf(story));
    }
  }
  state[place.column][place.cell] = isEmpty(record) ? null : record;
}

function closeAnomaly(record: BoardRecord, item: Anomaly, emit: Tell): void {
  record.watched = record.watched.filter(({ id }) => id !== item.id);
  const story = record.stories.find(({ open }) => open.includes(item.id));
  if (story === undefined) return;
  story.open = story.open.filter((id) => id !== item.id);
  story.last_seen = Math.max(story.last_seen, item.closed_at ?? item.ts);
  // Behind a reset nothing can join it any more, so there is nothing to wait for.
  if (story.reset_at === null || story.open.length > 0) return;
  story.ended_at = story.last_seen;
  emit('episodes', episodeOf(story));
}

function takeCondition(
  item: BoardCondition,
  group: GroupView,
  state: EpisodeState,
  emit: Tell,
  options: EpisodesOptions,
): void {
  const cell = homeAt(state, group, item);
  if (cell < 0) return;
  state.recovery_action[cell] = item.recovery_action;
  state.remap[cell] = Number(item.remap_pending) + 2 * Number(item.remap_failed);
  const reset = item.reset && Math.abs(item.ts - (state.reset_at[cell] as number)) > SAME_RESET_MS;
  if (reset) state.reset_at[cell] = item.ts;
  const record = state.board[cell] as BoardRecord | null;
  if (record === null) return;
  endQuiet(record, item.ts, emit, options);
  for (const story of record.stories) {
    let changed = story.ended_at === null && judge(story, factsAt(state, { column: 'board', cell }, options));
    if (reset && story.reset_at === null && story.last_event <= item.ts) {
      story.reset_at = item.ts;
      if (story.ended_at === null && story.open.length === 0) story.ended_at = story.last_seen;
      changed = true;
    }
    if (changed) emit('episodes', episodeOf(story));
  }
}

/** The story that a happening joins, or a new one; tells which earlier stories it proves uncured. */
function join(
  record: BoardRecord,
  happening: Happening,
  at: Parameters<typeof newStory>[0],
  state: EpisodeState,
  place: Place,
  emit: Tell,
  options: EpisodesOptions,
): Story {
  const { ts } = happening;
  const joined = storyFor(record, happening, options);
  const story = joined ?? newStory(at);
  for (const past of record.stories) {
    if (past === story || past.reset_at === null || ts <= past.reset_at || past.cured !== null) continue;
    if (!sameTrouble(past, happening) || ts - past.reset_at > options.cured_after) continue;
    past.cured = false;
    past.back_after = ts - past.reset_at;
    story.returned_after = past.back_after;
    emit('episodes', episodeOf(past));
  }
  if (joined !== undefined) return joined;
  // A reset in the very row that shows the trouble came behind it.
  if (place.column === 'board' && state.reset_at[place.cell] === ts) story.reset_at = ts;
  for (const anomaly of record.watched) {
    const { ts: opened_at, category } = happeningOfAnomaly(anomaly);
    const apart = !record.stories.some(({ open }) => open.includes(anomaly.id));
    if (apart && (Math.abs(ts - opened_at) <= options.burst_gap || category === happening.category)) {
      addAnomaly(story, { ...anomaly, opened_at: ts });
    }
  }
  record.stories.push(story);
  if (record.stories.length > options.episodes_max) {
    const ended = record.stories.findIndex(({ ended_at }) => ended_at !== null);
    const [dropped] = record.stories.splice(Math.max(0, ended), 1);
    if (dropped !== undefined && dropped.ended_at === null) {
      dropped.ended_at = dropped.last_seen;
      emit('episodes', episodeOf(dropped));
    }
  }
  return story;
}

function passTime(place: Place, now: number, state: EpisodeState, emit: Tell, options: EpisodesOptions): void {
  const record = recordAt(state, place);
  endLost(record, now, emit, options);
  endQuiet(record, now, emit, options);
  for (const story of record.stories) {
    if (story.reset_at === null || story.cured !== null || now - story.reset_at < options.cured_after) continue;
    story.cured = story.ended_at !== null;
    emit('episodes', episodeOf(story));
  }
  const kept = Math.max(options.sticky, options.repeat_window);
  record.stories = record.stories.filter(({ ended_at, last_event, cured }) => {
    const quiet = now - last_event;
    return ended_at === null || quiet <= kept || (cured === null && quiet <= options.await_reset);
  });
  record.fatal = record.fatal.filter(({ to }) => now - to <= options.repeat_window);
  record.bursts = record.bursts.filter(({ ts }) => now - ts <= options.repeat_window);
  state[place.column][place.cell] = isEmpty(record) ? null : record;
}
