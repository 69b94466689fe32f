import { useState } from 'preact/hooks';
import type { EpisodeAnswer, IncidentAnswer } from './answers.ts';
import { api } from './api.ts';
import type { FleetGpu } from './fleet-gpu.ts';
import { integer } from './format-value.ts';
import { gpuName } from './incident-text.ts';
import { episodePath } from './router.ts';
import { Timeline } from './timeline.tsx';
import { episodeLane, type Lane, spanOf } from './timeline-lanes.ts';
import { useAnswer } from './use-answer.ts';
import { XidList } from './xid-list.tsx';

const BEFORE_MS = 86_400_000;
const READ_MAX = 1_000;
const LANES_MAX = 24;

/** What an incident is made of: its episodes in the order in which they began, and what their codes mean. */
export function IncidentCourse(props: {
  readonly incident: IncidentAnswer;
  readonly gpus: ReadonlyMap<string, FleetGpu>;
  readonly opened: boolean;
  readonly now: number;
}) {
  const { incident, gpus, now } = props;
  const [open, setOpen] = useState(props.opened);
  return (
    <details class="course" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Course and members</summary>
      {open && <Course incident={incident} gpus={gpus} now={now} />}
    </details>
  );
}

function Course(props: {
  readonly incident: IncidentAnswer;
  readonly gpus: ReadonlyMap<string, FleetGpu>;
  readonly now: number;
}) {
  const { incident, gpus, now } = props;
  const { id, episodes: ids, severity, opened_at, closed_at, state } = incident;
  const from = Date.parse(opened_at) - BEFORE_MS;
  const to = closed_at === null ? undefined : Date.parse(closed_at) + 1;
  const told = useAnswer((signal) => api.get('/api/v1/episodes', { query: { from, to, limit: READ_MAX }, signal }), {
    about: `${id} ${state} ${ids.length}`,
    every_ms: 60_000,
  });
  if (told.value === null) {
    return (
      <p class="quiet small">{told.failure === null ? 'Asking for its episodes.' : `${told.failure}. Trying again.`}</p>
    );
  }
  const members = (told.value.items as readonly EpisodeAnswer[])
    .filter((episode) => ids.includes(episode.id))
    .sort((a, b) => (a.started_at < b.started_at ? -1 : a.started_at > b.started_at ? 1 : 0));
  const whole: Lane = {
    key: id,
    name: 'The incident',
    gpu_uuid: null,
    from: Date.parse(opened_at),
    to: closed_at === null ? null : Date.parse(closed_at),
    tone: state === 'open' ? severity : 'quiet',
    says: `The incident, ${state}`,
    marks: [],
  };
  const lanes = [
    whole,
    ...members
      .slice(0, LANES_MAX)
      .map((episode) => episodeLane(episode, gpuName(gpus.get(episode.gpu_uuid), episode.gpu_uuid), now)),
  ];
  const xids = [...new Set(members.flatMap((episode) => episode.xids))];
  const causes = [...new Set(members.flatMap(({ primary_xid }) => (primary_xid === null ? [] : [primary_xid])))];
  return (
    <div class="opened">
      <Timeline label="Course" lanes={lanes} span={spanOf(lanes, now)} now={now} />
      {members.length > LANES_MAX && (
        <p class="quiet small">
          The first {integer(LANES_MAX)} of {integer(members.length)} episodes.
        </p>
      )}
      {members.length < ids.length && (
        <p class="quiet small">
          {integer(ids.length - members.length)} of its episodes began earlier or are no longer kept.
        </p>
      )}
      <ul class="chips" aria-label="Episodes">
        {members.slice(0, LANES_MAX).map((episode) => (
          <li key={episode.id}>
            <a href={episodePath(episode.id)}>{gpuName(gpus.get(episode.gpu_uuid), episode.gpu_uuid)}: the story</a>
          </li>
        ))}
      </ul>
      <XidList xids={xids} primary={causes.length === 1 ? (causes[0] ?? null) : null} />
    </div>
  );
}
