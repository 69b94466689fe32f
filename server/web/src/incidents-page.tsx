import { useEffect, useRef, useState } from 'preact/hooks';
import { capital } from './action-text.ts';
import type { IncidentAnswer } from './answers.ts';
import { api } from './api.ts';
import { useConsole, useFleet, useIncidents, useNow } from './console-parts.ts';
import type { FleetGpu } from './fleet-gpu.ts';
import { timeText } from './format-time.ts';
import { duration, integer } from './format-value.ts';
import { IncidentCourse } from './incident-course.tsx';
import { countText, gpuName, originText, summaryParts } from './incident-text.ts';
import { ROW } from './keyboard.ts';
import { inWords } from './metric-label.ts';
import { Notice } from './notice.tsx';
import { gpuPath, useAddress } from './router.ts';
import { SeverityBadge } from './severity-badge.tsx';
import { useAsking } from './use-asking.ts';

const PAST_MAX = 50;
const PAST_EVERY_MS = 60_000;
const GPUS_SHOWN = 16;

/** What went wrong in one place and why it is thought so: open incidents first, then those of the past. */
export function IncidentsPage() {
  const { incidents: store } = useConsole();
  const incidents = useIncidents();
  const fleet = useFleet();
  const now = useNow();
  const { query } = useAddress();
  const [past, setPast] = useState<readonly IncidentAnswer[] | null>(null);
  useAsking(
    async (signal) => {
      try {
        const { items } = await api.get('/api/v1/incidents', { query: { state: 'closed', limit: PAST_MAX }, signal });
        setPast(items as readonly IncidentAnswer[]);
        return true;
      } catch {
        return signal.aborted;
      }
    },
    { about: '', hint: incidents.total, every_ms: PAST_EVERY_MS },
  );
  useEffect(() => store.hurry(), [store]);

  const { open, failure, read_at, total } = incidents;
  const chosen = query.get('id') ?? '';
  return (
    <div class="incidents">
      <h1>
        Incidents <span class="quiet">{open === null ? '' : `${integer(total)} open`}</span>
      </h1>
      {failure !== null && open !== null && (
        <div class="banner" role="alert">
          Incidents cannot be read just now ({failure}). What is shown is of {timeText(read_at ?? now, now)}.
        </div>
      )}
      {open === null ? (
        <section class="card" aria-busy={failure === null}>
          {failure === null ? (
            <Notice title="Loading">Asking for open incidents.</Notice>
          ) : (
            <Notice title="Incidents cannot be read just now" tone="critical">
              {failure}. Trying again.
            </Notice>
          )}
        </section>
      ) : open.length === 0 ? (
        <section class="card" data-testid="no-incident">
          <Notice title="All is quiet">
            No incident is open. Faults of one GPU or of several that have one origin appear here by themselves.
          </Notice>
        </section>
      ) : (
        <ol class="list" data-testid="open-incidents">
          {open.map((one, i) => (
            <Entry
              key={one.id}
              incident={one}
              gpus={fleet.gpus}
              now={now}
              chosen={one.id === chosen}
              opened={one.id === chosen || (i === 0 && chosen === '')}
            />
          ))}
        </ol>
      )}
      {open !== null && total > open.length && (
        <p class="quiet">
          The {integer(open.length)} newest of {integer(total)} are shown.
        </p>
      )}
      {past !== null && past.length > 0 && (
        <section aria-labelledby="past-title">
          <h2 id="past-title">
            Over <span class="quiet">the last {integer(past.length)}</span>
          </h2>
          <ol class="list" data-testid="past-incidents">
            {past.map((one) => (
              <Entry
                key={one.id}
                incident={one}
                gpus={fleet.gpus}
                now={now}
                chosen={one.id === chosen}
                opened={one.id === chosen}
              />
            ))}
          </ol>
        </section>
      )}
    </div>
  );
}

function Entry(props: {
  readonly incident: IncidentAnswer;
  readonly gpus: ReadonlyMap<string, FleetGpu>;
  readonly now: number;
  readonly chosen: boolean;
  /** Its course is in sight from the beginning. */
  readonly opened: boolean;
}) {
  const { incident, gpus, now, chosen, opened } = props;
  const { id, severity, state, category, evidence, gpus: uuids, episodes, nodes } = incident;
  const { text, action } = summaryParts(incident);
  const [all, setAll] = useState(false);
  const card = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (chosen) card.current?.scrollIntoView({ block: 'center' });
  }, [chosen]);
  const width = [
    countText(uuids.length, 'GPU'),
    nodes.length > 1 ? countText(nodes.length, 'node') : '',
    countText(episodes.length, 'episode'),
    category,
  ].filter((part) => part !== '');
  return (
    <li
      ref={card}
      class={`card incident ${state === 'open' ? severity : 'over'} ${chosen ? 'chosen' : ''}`}
      data-state={state}
    >
      <div class="line">
        <SeverityBadge severity={severity} />
        <b class="where">{originText(incident, gpus)}</b>
        <span class="quiet">{width.join(' · ')}</span>
        <span class="quiet age">{sinceText(incident, now)}</span>
      </div>
      <p class="summary">{text}.</p>
      {action === '' ? (
        <p class="quiet">No reset, reboot or replacement is asked for; the verdict on its GPUs says what to look at.</p>
      ) : (
        <p class="todo">
          <span class="hidden">What to do: </span>
          {action}
        </p>
      )}
      <ul class="evidence" aria-label="Evidence">
        {evidence.map((sentence) => (
          <li key={sentence}>{capital(inWords(sentence))}</li>
        ))}
      </ul>
      <ul class="gpus" aria-label="GPUs">
        {uuids.slice(0, all ? undefined : GPUS_SHOWN).map((uuid) => (
          <li key={uuid}>
            <a href={gpuPath(uuid)} title={uuid} {...ROW}>
              {gpuName(gpus.get(uuid), uuid)}
            </a>
          </li>
        ))}
        {uuids.length > GPUS_SHOWN && (
          <li>
            <button type="button" onClick={() => setAll(!all)}>
              {all ? 'Show fewer' : `Show all ${integer(uuids.length)}`}
            </button>
          </li>
        )}
      </ul>
      {episodes.length > 0 && <IncidentCourse incident={incident} gpus={gpus} opened={opened} now={now} />}
      <a class="quiet small" href={`/api/v1/incidents?id=${encodeURIComponent(id)}`} data-plain>
        JSON
      </a>
    </li>
  );
}

function sinceText({ state, opened_at, closed_at }: IncidentAnswer, now: number): string {
  const opened = Date.parse(opened_at);
  const since = timeText(opened, now);
  if (state === 'open') {
    const age = (now - opened) / 1_000;
    return age > 0 ? `since ${since}, for ${duration(age)}` : `since ${since}`;
  }
  return closed_at === null ? since : `${since}, lasted ${duration((Date.parse(closed_at) - opened) / 1_000)}`;
}
