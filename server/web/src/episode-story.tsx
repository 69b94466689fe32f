import { useEffect, useRef, useState } from 'preact/hooks';
import type { EpisodeAnswer } from './answers.ts';
import { api } from './api.ts';
import { episodeAction, episodeCourse, episodeSpan, episodeTitle } from './episode-text.ts';
import type { FleetGpu } from './fleet-gpu.ts';
import { gpuName } from './incident-text.ts';
import { ROW } from './keyboard.ts';
import { inWords, metricLabel } from './metric-label.ts';
import { gpuPath } from './router.ts';
import { SeverityBadge } from './severity-badge.tsx';
import { Timeline } from './timeline.tsx';
import { anomalyLanes, episodeLane, spanOf, type TimeSpan } from './timeline-lanes.ts';
import { useAnswer } from './use-answer.ts';
import { XidList } from './xid-list.tsx';

const AROUND_MS = 3_600_000;
const ANOMALIES_MAX = 40;

/** A fault story as a line with its place in time; opened, everything that belongs to it. */
export function EpisodeStory(props: {
  readonly episode: EpisodeAnswer;
  readonly gpu: FleetGpu | undefined;
  /** Of the whole list. */
  readonly span: TimeSpan;
  readonly chosen: boolean;
  readonly now: number;
}) {
  const { episode, gpu, span, chosen, now } = props;
  const { gpu_uuid, node, severity, ended_at } = episode;
  const [open, setOpen] = useState(chosen);
  const card = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (chosen) card.current?.scrollIntoView({ block: 'center' });
  }, [chosen]);
  const where = gpu === undefined ? `${node} · ${gpu_uuid.slice(0, 12)}` : gpuName(gpu, gpu_uuid);
  const state = ended_at === null ? 'open' : 'closed';
  const lane = episodeLane(episode, where, now);
  const course = episodeCourse(episode);
  return (
    <li ref={card} class={`story ${state} ${chosen ? 'chosen' : ''}`} data-state={state} data-id={episode.id}>
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary {...ROW}>
          <SeverityBadge severity={severity} />
          <span class="what">
            <b>{episodeTitle(episode)}</b> <span class="quiet">{where}</span>
          </span>
          <span class="quiet small course">
            <span class={course === 'cured' ? 'good' : ''}>{course}</span>, {episodeSpan(episode, now)}
          </span>
          <Strip span={span} from={lane.from} to={lane.to} tone={severity} />
        </summary>
        {open && <Story episode={episode} where={where} now={now} />}
      </details>
    </li>
  );
}

const WIDE = 1_000;

function Strip(props: {
  readonly span: TimeSpan;
  readonly from: number;
  readonly to: number | null;
  readonly tone: string;
}) {
  const { span, from, to, tone } = props;
  const at = (instant: number): number => ((instant - span.from) / (span.to - span.from)) * WIDE;
  return (
    <svg viewBox={`0 0 ${WIDE} 8`} preserveAspectRatio="none" class={`strip ${tone}`} aria-hidden="true">
      <rect width={WIDE} height="8" class="ground" />
      <rect
        x={Math.min(at(from), WIDE - 6)}
        width={Math.max(6, at(to ?? span.to) - at(from))}
        height="8"
        class="level"
      />
    </svg>
  );
}

function Story(props: { readonly episode: EpisodeAnswer; readonly where: string; readonly now: number }) {
  const { episode, where, now } = props;
  const { gpu_uuid, node, id, xids, primary_xid, anomalies, explanation, started_at, ended_at, job, action } = episode;
  const from = Date.parse(started_at) - AROUND_MS;
  const to = ended_at === null ? undefined : Date.parse(ended_at) + 1;
  const told = useAnswer(
    (signal) =>
      api.get('/api/v1/gpus/{gpu_uuid}/anomalies', {
        params: { gpu_uuid },
        query: { from, to, limit: ANOMALIES_MAX },
        signal,
      }),
    { about: `${id} ${ended_at}`, every_ms: 60_000 },
  );
  const own = (told.value?.items ?? []).filter(
    ({ type, opened_at, closed_at }) =>
      anomalies.includes(type) && (closed_at === null || closed_at >= started_at) && Date.parse(opened_at) >= from,
  );
  const lanes = [episodeLane(episode, 'The whole story', now), ...anomalyLanes(own)];
  return (
    <div class="opened">
      <p class="why">{inWords(explanation)}</p>
      {action !== 'none' && <span class="todo">{episodeAction(episode)}</span>}
      <Timeline
        label="Course"
        lanes={lanes.map((lane) => ({ ...lane, gpu_uuid: null }))}
        span={spanOf(lanes, now)}
        now={now}
      />
      {told.failure !== null && (
        <p class="quiet small" role="status">
          Its anomalies cannot be read just now.
        </p>
      )}
      <XidList xids={xids} primary={primary_xid} />
      {anomalies.length > 0 && (
        <ul class="chips" aria-label="Anomalies in it">
          {anomalies.map((type) => (
            <li key={type}>{metricLabel(type)}</li>
          ))}
        </ul>
      )}
      <p class="small">
        <a href={gpuPath(gpu_uuid)}>{where}</a> <span class="quiet">on {node}</span>
        {job !== '' && <span class="quiet">, in use by {job}</span>}{' '}
        <a class="quiet" href={`/api/v1/episodes?id=${encodeURIComponent(id)}`} data-plain>
          JSON
        </a>
      </p>
    </div>
  );
}
