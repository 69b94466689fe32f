import { useMemo } from 'preact/hooks';
import type { AnomalyAnswer } from '../../schemas.ts';
import { anomalyMatches, anomalyQuery, countsOf, orderAnomalies } from './anomaly-filter.ts';
import { AnomalyTable } from './anomaly-table.tsx';
import { AnswerState } from './answer-state.tsx';
import { api, firstPages } from './api.ts';
import { Choice } from './choice.tsx';
import { useFleet, useNow } from './console-parts.ts';
import { CsvButton } from './csv-button.tsx';
import { timeText } from './format-time.ts';
import { integer } from './format-value.ts';
import { metricLabel } from './metric-label.ts';
import { Notice } from './notice.tsx';
import { setQuery, useAddress } from './router.ts';
import { SearchField } from './search-field.tsx';
import { Segmented } from './segmented.tsx';
import { SPAN_OPTIONS, spanStart } from './time-spans.ts';
import { type Answered, useAnswer } from './use-answer.ts';

const EVERY_MS = 60_000;
const PAGE = 1_000;
const PAGES_MAX = 5;
const NO_FILTER = { q: '', severity: '', type: '', detector: '', node: '', span: '' };

interface Read {
  readonly items: readonly AnomalyAnswer[];
  readonly complete: boolean;
}

/** Every anomaly of the fleet: those open now live, those of the past from the table. */
export function AnomaliesPage() {
  const fleet = useFleet();
  const now = useNow();
  const { query } = useAddress();
  const ask = (name: string): string => query.get(name) ?? '';
  const state = ask('state') || 'open';
  const from = spanStart(ask('span'), state === 'open' ? 'all' : '24h', now);
  const filter = {
    q: ask('q'),
    severity: ask('severity'),
    type: ask('type'),
    detector: ask('detector'),
    node: ask('node'),
    state,
    from,
  };
  const live = state === 'open';
  const asked = anomalyQuery(filter);
  const told = useAnswer<Read>(
    async (signal) => {
      if (live) return { items: [], complete: true };
      return firstPages(api.pages('/api/v1/anomalies', { query: { ...asked, limit: PAGE }, signal }), PAGES_MAX);
    },
    { about: JSON.stringify({ ...asked, from: ask('span') }), hint: fleet.alarms, every_ms: EVERY_MS },
  );
  const open = useMemo(() => [...fleet.anomalies.values()], [fleet, fleet.version]);
  const all = live ? open : (told.value?.items ?? []);
  const shown = useMemo(
    () =>
      orderAnomalies(
        all.filter((anomaly) => anomalyMatches(anomaly, filter)),
        ask('sort'),
      ),
    [all, ...Object.values(filter), ask('sort')],
  );
  const answered: Answered<Read> = live
    ? { value: fleet.ready ? { items: open, complete: true } : null, current: true, failure: null, read_at: now }
    : { ...told, value: told.current ? told.value : null };
  const types = useMemo(() => countsOf(all, 'type'), [all]);
  const detectors = useMemo(() => countsOf(all, 'detector'), [all]);
  const nodes = useMemo(() => countsOf(all, 'node'), [all]);
  const chosen = (values: readonly (readonly [string, number])[], value: string, name: (value: string) => string) => [
    ...values.map(([one, count]): [string, string] => [one, `${name(one)} (${integer(count)})`]),
    ...(value === '' || values.some(([one]) => one === value) ? [] : [[value, name(value)] as [string, string]]),
  ];
  const narrowed = Object.keys(NO_FILTER).some((name) => ask(name) !== '');
  return (
    <div class="listing" data-testid="anomalies-page">
      <div class="head">
        <h1>
          Anomalies{' '}
          <span class="quiet">{answered.value === null ? '' : countText(shown.length, all.length, state)}</span>
        </h1>
        {live && fleet.ready && <span class="live-mark small quiet">as they happen</span>}
        <div class="grow" />
        <CsvButton
          pages={() => api.csv('/api/v1/anomalies', { query: { ...asked, limit: PAGE } })}
          name="anomalies.csv"
        />
      </div>
      <Silent newest={newestOf(fleet.gpus.values())} now={now} />
      <section class="card" aria-label="Anomalies">
        <div class="toolbar">
          <SearchField
            label="Search anomalies"
            placeholder="Words, node, metric or UUID"
            value={filter.q}
            onInput={(q) => setQuery({ q })}
          />
          <Segmented
            name="State"
            value={state}
            options={[
              ['open', 'Open'],
              ['closed', 'Closed'],
              ['all', 'All'],
            ]}
            onChange={(next) => setQuery({ state: next === 'open' ? '' : next })}
          />
          <Choice
            name="Severity"
            value={filter.severity}
            onChange={(severity) => setQuery({ severity })}
            options={[
              ['', 'Any severity'],
              ['critical', 'Critical'],
              ['warning', 'Warning'],
              ['info', 'Info'],
            ]}
          />
          <Choice
            name="Type"
            value={filter.type}
            onChange={(type) => setQuery({ type })}
            options={[['', 'Any type'], ...chosen(types, filter.type, metricLabel)]}
          />
          <Choice
            name="Detector"
            value={filter.detector}
            onChange={(detector) => setQuery({ detector })}
            options={[['', 'Any detector'], ...chosen(detectors, filter.detector, String)]}
          />
          <Choice
            name="Node"
            value={filter.node}
            onChange={(node) => setQuery({ node })}
            options={[['', 'Any node'], ...chosen(nodes, filter.node, String)]}
          />
          <Choice
            name="Opened"
            value={ask('span') || (live ? 'all' : '24h')}
            onChange={(span) => setQuery({ span })}
            options={SPAN_OPTIONS}
          />
          <Choice
            name="Order"
            value={ask('sort')}
            onChange={(sort) => setQuery({ sort })}
            options={[
              ['', 'Worst first'],
              ['newest', 'Newest first'],
              ['oldest', 'Oldest first'],
            ]}
          />
        </div>
        <AnswerState answered={answered} what="Anomalies" now={now}>
          {({ complete }) =>
            shown.length === 0 ? (
              <Nothing narrowed={narrowed} state={state} />
            ) : (
              <>
                <AnomalyTable anomalies={shown} gpus={fleet.gpus} now={now} />
                {!complete && (
                  <p class="count" role="status">
                    The newest {integer(all.length)} were read; a shorter span or a filter shows older ones.
                  </p>
                )}
              </>
            )
          }
        </AnswerState>
      </section>
    </div>
  );
}

const countText = (shown: number, of: number, state: string): string =>
  `${shown === of ? integer(shown) : `${integer(shown)} of ${integer(of)}`}${state === 'all' ? '' : ` ${state}`}`;

function Nothing({ narrowed, state }: { readonly narrowed: boolean; readonly state: string }) {
  if (narrowed) {
    return (
      <Notice title="No anomaly matches">
        <button type="button" onClick={() => setQuery(NO_FILTER)}>
          Clear the filters
        </button>
      </Notice>
    );
  }
  return state === 'open' ? (
    <div data-testid="no-anomaly">
      <Notice title="All is quiet">No anomaly is open. New ones appear here as they are found.</Notice>
    </div>
  ) : (
    <Notice title="Nothing in this time">No anomaly opened in it.</Notice>
  );
}

/** When every GPU is silent, live means nothing. */
function Silent({ newest, now }: { readonly newest: number | null; readonly now: number }) {
  if (newest === null) return null;
  return (
    <div class="banner" role="alert" data-testid="stale-banner">
      No data since {timeText(newest, now)}: no GPU has sent anything. New anomalies cannot be found until it does.
    </div>
  );
}

/** Epoch ms of the newest sample of a fleet that is silent as a whole; null while something sends. */
function newestOf(gpus: Iterable<{ readonly ts: string | null; readonly stale_since: string | null }>): number | null {
  let newest = '';
  for (const { ts, stale_since } of gpus) {
    if (stale_since === null) return null;
    if (ts !== null && ts > newest) newest = ts;
  }
  return newest === '' ? null : Date.parse(newest);
}
