import { FAILURE_TYPES } from '../../../pipeline/contract/predictions.ts';
import type { FleetRisk } from '../../client/api-client.ts';
import { AnswerState } from './answer-state.tsx';
import { api } from './api.ts';
import { Choice } from './choice.tsx';
import { useFleet, useNow } from './console-parts.ts';
import { ADVICE_TEXT } from './decision-text.ts';
import { timeText } from './format-time.ts';
import { integer } from './format-value.ts';
import { HowWell } from './how-well.tsx';
import { Notice } from './notice.tsx';
import { OriginBadge } from './origin-badge.tsx';
import { trainedOn } from './prediction-text.ts';
import { RiskTable } from './risk-table.tsx';
import { setQuery, useAddress } from './router.ts';
import { Segmented } from './segmented.tsx';
import { useAnswer } from './use-answer.ts';
import { useOrigins } from './use-origins.ts';

const RISKS_EVERY_MS = 30_000;
const PERFORMANCE_EVERY_MS = 300_000;
const PAGE = 100;
const SHOWN_MAX = 1_000;
const RANKED = '-priority';
/** Predictions come every five minutes; after so long something is wrong. */
const STALE_MS = 3_600_000;

/** Who fails next, ranked by what waiting costs, and how good such predictions have been. */
export function PredictionsPage() {
  const fleet = useFleet();
  const now = useNow();
  const origins = useOrigins();
  const { query } = useAddress();
  const ask = (name: string): string => query.get(name) ?? '';
  const filter = {
    q: ask('q'),
    predicted_failure_type: ask('type'),
    advice: ask('advice'),
    failure_prob_30d_min: ask('least'),
    node: ask('node'),
  };
  const filtered = Object.values(filter).some((text) => text !== '');
  const sort = ask('sort') || RANKED;
  const limit = Math.min(SHOWN_MAX, Math.max(PAGE, Number(ask('shown')) || PAGE));
  const asked = Object.fromEntries(Object.entries({ ...filter, sort, limit }).filter(([, value]) => value !== ''));
  const risks = useAnswer((signal) => api.get('/api/v1/fleet/risks', { query: asked, signal }), {
    about: JSON.stringify(asked),
    every_ms: RISKS_EVERY_MS,
  });
  const horizon = ask('horizon') || '30';
  const performance = useAnswer(
    (signal) => api.get('/api/v1/models/performance', { query: { horizon: horizon as '7' | '30' | '90' }, signal }),
    { about: horizon, every_ms: PERFORMANCE_EVERY_MS },
  );
  return (
    <div class="predictions">
      <div class="head">
        <h1>
          Predictions <span class="quiet">{risks.value === null ? '' : countText(risks.value.total, filtered)}</span>
        </h1>
        {[...new Set(risks.value?.items.map(trainedOn))].map((trained_on) => (
          <OriginBadge key={trained_on} trained_on={trained_on} />
        ))}
        <a class="small" href="#how-well-title" data-plain>
          How good they have been
        </a>
      </div>
      <section class="card" aria-label="Who fails next" aria-busy={!risks.current && risks.failure === null}>
        <div class="toolbar">
          <label class="search">
            <span class="hidden">Search GPUs</span>
            <input
              type="search"
              value={filter.q}
              placeholder="Node or UUID"
              aria-keyshortcuts="/"
              onInput={(event) => setQuery({ q: event.currentTarget.value, shown: '' })}
            />
            <span class="key" aria-hidden="true">
              /
            </span>
          </label>
          <Choice
            name="Type of failure"
            value={filter.predicted_failure_type}
            onChange={(type) => setQuery({ type, shown: '' })}
            options={[['', 'Any type'], ...FAILURE_TYPES.map((type): [string, string] => [type, type])]}
          />
          <Choice
            name="Advice"
            value={filter.advice}
            onChange={(advice) => setQuery({ advice, shown: '' })}
            options={[['', 'Any advice'], ...Object.entries(ADVICE_TEXT)]}
          />
          <Choice
            name="Risk within 30 days"
            value={filter.failure_prob_30d_min}
            onChange={(least) => setQuery({ least, shown: '' })}
            options={[
              ['', 'Any risk'],
              ['0.05', 'At least 5 % in 30 days'],
              ['0.2', 'At least 20 %'],
              ['0.5', 'At least 50 %'],
            ]}
          />
        </div>
        <AnswerState answered={risks} what="Predictions" now={now}>
          {({ items, total }) =>
            items.length === 0 ? (
              <Empty filtered={filtered} />
            ) : (
              <>
                <Stale risks={items} now={now} />
                <RiskTable risks={items} gpus={fleet.gpus} sort={sort} />
                <p class="count" role="status">
                  {sort === RANKED && 'By priority: risk within 30 days times dollars at risk an hour. '}
                  {items.length < total && `The first ${integer(items.length)} of ${integer(total)}. `}
                  {items.length < total && items.length < SHOWN_MAX && (
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
      <section aria-labelledby="how-well-title">
        <div class="head">
          <h2 id="how-well-title">How good they have been</h2>
          <Segmented
            name="Horizon"
            value={horizon}
            options={[
              ['7', '7 days'],
              ['30', '30 days'],
              ['90', '90 days'],
            ]}
            onChange={(next) => setQuery({ horizon: next === '30' ? '' : next })}
          />
        </div>
        <AnswerState answered={performance} what="Figures of past predictions" now={now}>
          {({ items }) => <HowWell items={items} origins={origins} now={now} />}
        </AnswerState>
      </section>
    </div>
  );
}

const countText = (total: number, filtered: boolean): string => `${integer(total)}${filtered ? ' match' : ''}`;

function Empty({ filtered }: { readonly filtered: boolean }) {
  return filtered ? (
    <Notice title="No prediction matches">
      <button type="button" onClick={() => setQuery({ q: '', type: '', advice: '', least: '', node: '', shown: '' })}>
        Clear the filters
      </button>
    </Notice>
  ) : (
    <div data-testid="no-prediction">
      <Notice title="Nothing is foreseen yet">
        Predictions come with the first feature vectors, after some minutes of readings. This page fills by itself.
      </Notice>
    </div>
  );
}

/** Says since when nothing new was foreseen. */
function Stale({ risks, now }: { readonly risks: readonly FleetRisk[]; readonly now: number }) {
  const newest = Math.max(...risks.map(({ ts }) => Date.parse(ts)));
  if (now - newest < STALE_MS) return null;
  return (
    <div class="banner" role="alert" data-testid="predictions-stale">
      Nothing new was foreseen since {timeText(newest, now)}. What is shown is the last that is known.
    </div>
  );
}
