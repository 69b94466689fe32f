import { useMemo } from 'preact/hooks';
import { capital } from './action-text.ts';
import { AnswerState } from './answer-state.tsx';
import type { EpisodeAnswer } from './answers.ts';
import { api } from './api.ts';
import { Choice } from './choice.tsx';
import { useFleet, useNow } from './console-parts.ts';
import { CsvButton } from './csv-button.tsx';
import { episodeMatches, episodeQuery } from './episode-filter.ts';
import { EpisodeStory } from './episode-story.tsx';
import { integer } from './format-value.ts';
import { Notice } from './notice.tsx';
import { setQuery, useAddress } from './router.ts';
import { SearchField } from './search-field.tsx';
import { Segmented } from './segmented.tsx';
import { SPAN_OPTIONS, spanStart } from './time-spans.ts';
import { episodeLane, spanOf } from './timeline-lanes.ts';
import { useAnswer } from './use-answer.ts';

const EVERY_MS = 30_000;
const READ_MAX = 1_000;
const PAGE = 50;
const CATEGORIES = ['memory', 'thermal', 'power', 'bus', 'fabric', 'driver', 'application', 'sensor', 'unknown'];
const NO_FILTER = { q: '', severity: '', category: '', state: '', span: '', id: '', shown: '' };

/** The fault stories of the fleet: what happened, in which order, what it means and what ended it. */
export function EpisodesPage() {
  const fleet = useFleet();
  const now = useNow();
  const { query } = useAddress();
  const ask = (name: string): string => query.get(name) ?? '';
  const id = ask('id');
  const from = id === '' ? spanStart(ask('span'), '7d', now) : null;
  const filter = { q: ask('q'), severity: ask('severity'), category: ask('category'), state: ask('state'), id };
  const asked = episodeQuery(filter, from);
  const answered = useAnswer(
    (signal) => api.get('/api/v1/episodes', { query: { ...asked, limit: READ_MAX }, signal }),
    { about: JSON.stringify({ ...asked, from: ask('span') }), hint: fleet.alarms, every_ms: EVERY_MS },
  );
  const items = (answered.value?.items ?? []) as readonly EpisodeAnswer[];
  const shown = useMemo(
    () =>
      items
        .filter((episode) => episodeMatches(episode, filter))
        .sort(
          (a, b) => Number(b.ended_at === null) - Number(a.ended_at === null) || (a.started_at < b.started_at ? 1 : -1),
        ),
    [items, ...Object.values(filter)],
  );
  const going_on = items.filter(({ ended_at }) => ended_at === null).length;
  const limit = Math.max(PAGE, Number(ask('shown')) || PAGE);
  const listed = shown.slice(0, limit);
  const minute = Math.floor(now / 60_000) * 60_000;
  const span = useMemo(
    () =>
      spanOf(
        listed.map((one) => episodeLane(one, '', minute)),
        minute,
      ),
    [shown, limit, minute],
  );
  const narrowed = Object.keys(NO_FILTER).some((name) => name !== 'shown' && ask(name) !== '');
  return (
    <div class="listing" data-testid="episodes-page">
      <div class="head">
        <h1>
          Episodes{' '}
          <span class="quiet">
            {answered.value === null ? '' : `${integer(going_on)} going on, ${integer(items.length - going_on)} over`}
          </span>
        </h1>
        <div class="grow" />
        <CsvButton
          pages={() => api.csv('/api/v1/episodes', { query: { ...asked, limit: READ_MAX } })}
          name="episodes.csv"
        />
      </div>
      <section class="card" aria-label="Fault stories">
        <div class="toolbar">
          <SearchField
            label="Search episodes"
            placeholder="Words, XID, node, job or UUID"
            value={filter.q}
            onInput={(q) => setQuery({ q, shown: '' })}
          />
          <Segmented
            name="State"
            value={filter.state}
            options={[
              ['', 'All'],
              ['open', 'Going on'],
              ['closed', 'Over'],
            ]}
            onChange={(state) => setQuery({ state, shown: '' })}
          />
          <Choice
            name="Severity"
            value={filter.severity}
            onChange={(severity) => setQuery({ severity, shown: '' })}
            options={[
              ['', 'Any severity'],
              ['critical', 'Critical'],
              ['warning', 'Warning'],
              ['info', 'Info'],
            ]}
          />
          <Choice
            name="Category"
            value={filter.category}
            onChange={(category) => setQuery({ category, shown: '' })}
            options={[['', 'Any category'], ...CATEGORIES.map((one): [string, string] => [one, capital(one)])]}
          />
          <Choice
            name="Began"
            value={ask('span') || '7d'}
            onChange={(next) => setQuery({ span: next, shown: '' })}
            options={SPAN_OPTIONS}
          />
        </div>
        <AnswerState answered={answered} what="Episodes" now={now}>
          {({ total }) =>
            shown.length === 0 ? (
              <Nothing narrowed={narrowed} />
            ) : (
              <>
                <ol class="stories" data-testid="episodes">
                  {listed.map((episode) => (
                    <EpisodeStory
                      key={episode.id}
                      episode={episode}
                      gpu={fleet.gpus.get(episode.gpu_uuid)}
                      span={span}
                      chosen={episode.id === id}
                      now={now}
                    />
                  ))}
                </ol>
                <p class="count" role="status">
                  {shown.length > listed.length && `The first ${integer(listed.length)} of ${integer(shown.length)}. `}
                  {total > items.length && `The newest ${integer(items.length)} of ${integer(total)} were read. `}
                  {shown.length > listed.length && (
                    <button type="button" onClick={() => setQuery({ shown: String(limit + PAGE) })}>
                      Show more
                    </button>
                  )}
                </p>
              </>
            )
          }
        </AnswerState>
      </section>
    </div>
  );
}

function Nothing({ narrowed }: { readonly narrowed: boolean }) {
  return (
    <div data-testid="no-episode">
      {narrowed ? (
        <Notice title="No episode matches">
          <button type="button" onClick={() => setQuery(NO_FILTER)}>
            Clear the filters
          </button>
        </Notice>
      ) : (
        <Notice title="No fault story">
          Nothing has gone wrong in the last seven days. XIDs and anomalies of one GPU that belong together appear here
          as one story.
        </Notice>
      )}
    </div>
  );
}
