import { useMemo } from 'preact/hooks';
import { capital } from './action-text.ts';
import { AlertEntry } from './alert-entry.tsx';
import { AlertHistory } from './alert-history.tsx';
import { type AlertFilter, type AlertGroup, alertMatches, compareAlerts, groupAlerts, isQuiet } from './alert-order.ts';
import type { AlertAnswer } from './answers.ts';
import { api } from './api.ts';
import { Choice } from './choice.tsx';
import { useAlerts, useConsole, useFleet, useLiveState, useMay, useNow } from './console-parts.ts';
import { CsvButton } from './csv-button.tsx';
import { dataState } from './data-state.ts';
import { integer } from './format-value.ts';
import { Notice } from './notice.tsx';
import { incidentPath, nodePath, setQuery, useAddress } from './router.ts';
import { SearchField } from './search-field.tsx';
import { Segmented } from './segmented.tsx';
import { SilenceList } from './silence-list.tsx';
import { SPAN_OPTIONS, spanStart } from './time-spans.ts';

const PAGE = 100;
const ROWS_A_PAGE = 1_000;
const NO_FILTER = {
  q: '',
  severity: '',
  category: '',
  rule: '',
  node: '',
  noticed: '',
  quiet: '',
  span: '',
  shown: '',
};

/** What people are told: open alerts as they happen, those that are over, and what keeps some of them quiet. */
export function AlertsPage() {
  const alerts = useAlerts();
  const { query } = useAddress();
  const ask = (name: string): string => query.get(name) ?? '';
  const view = ask('view');
  // Silences are about the whole installation.
  const silences = useMay()('GET /api/v1/silences');
  const filter: AlertFilter = {
    q: ask('q'),
    severity: ask('severity'),
    category: ask('category'),
    rule: ask('rule'),
    node: ask('node'),
    noticed: ask('noticed'),
    quiet: ask('quiet'),
  };
  const waiting = alerts.waiting().length;
  return (
    <div class="listing" data-testid="alerts-page">
      <div class="head">
        <h1>
          Alerts{' '}
          <span class="quiet" data-testid="alerts-count">
            {alerts.ready ? `${integer(alerts.open.size)} open, ${integer(waiting)} waiting for somebody` : ''}
          </span>
        </h1>
        <div class="grow" />
        <Segmented
          name="What is shown"
          value={view}
          options={[['', 'Open'], ['history', 'History'], ...(silences ? ([['silences', 'Silences']] as const) : [])]}
          onChange={(next) => setQuery({ ...NO_FILTER, view: next, id: '', silence: '' })}
        />
      </div>
      {view === 'silences' && silences ? (
        <SilenceList />
      ) : (
        <section class="card" aria-label={view === 'history' ? 'Closed alerts' : 'Open alerts'}>
          <Filters filter={filter} open={alerts.open} history={view === 'history'} />
          {view === 'history' ? (
            <AlertHistory filter={filter} version={alerts.open.size} />
          ) : (
            <OpenAlerts filter={filter} />
          )}
        </section>
      )}
    </div>
  );
}

function Filters(props: {
  readonly filter: AlertFilter;
  readonly open: ReadonlyMap<string, AlertAnswer>;
  readonly history: boolean;
}) {
  const { filter, open, history } = props;
  const { query } = useAddress();
  const values = (name: 'rule' | 'category' | 'node'): (readonly [string, string])[] => {
    const known = new Set([...open.values()].map((one) => one[name]).filter(Boolean));
    if (filter[name] !== '') known.add(filter[name]);
    return [...known].sort().map((value) => [value, name === 'category' ? capital(value) : value] as const);
  };
  const set = (changes: Readonly<Record<string, string>>): void => setQuery({ ...changes, shown: '' });
  const listed = () => {
    const from = history ? spanStart(query.get('span') ?? '', '7d', Date.now()) : null;
    return { state: history ? 'closed' : 'open', from: from ?? undefined, limit: ROWS_A_PAGE } as const;
  };
  return (
    <div class="toolbar">
      <SearchField
        label="Search alerts"
        placeholder="Words, node, rule, owner or UUID"
        value={filter.q}
        onInput={(q) => set({ q })}
      />
      <Choice
        name="Severity"
        value={filter.severity}
        onChange={(severity) => set({ severity })}
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
        onChange={(category) => set({ category })}
        options={[['', 'Any category'], ...values('category')]}
      />
      <Choice
        name="Rule"
        value={filter.rule}
        onChange={(rule) => set({ rule })}
        options={[['', 'Any rule'], ...values('rule')]}
      />
      <Choice
        name="Node"
        value={filter.node}
        onChange={(node) => set({ node })}
        options={[['', 'Any node'], ...values('node')]}
      />
      {history ? (
        <Choice
          name="Opened"
          value={query.get('span') || '7d'}
          onChange={(span) => set({ span })}
          options={SPAN_OPTIONS}
        />
      ) : (
        <>
          <Choice
            name="Taken notice of"
            value={filter.noticed}
            onChange={(noticed) => set({ noticed })}
            options={[
              ['', 'Noticed or not'],
              ['no', 'Nobody has noticed'],
              ['yes', 'Acknowledged'],
            ]}
          />
          <Choice
            name="Told"
            value={filter.quiet}
            onChange={(quiet) => set({ quiet })}
            options={[
              ['', 'Told or quiet'],
              ['no', 'Told'],
              ['yes', 'Silenced or explained'],
            ]}
          />
          <Choice
            name="Groups"
            value={query.get('group') ?? ''}
            onChange={(group) => set({ group })}
            options={[
              ['', 'By node and incident'],
              ['none', 'One list'],
            ]}
          />
        </>
      )}
      <div class="grow" />
      <CsvButton pages={() => api.csv('/api/v1/alerts', { query: listed() })} name="alerts.csv" />
    </div>
  );
}

function OpenAlerts({ filter }: { readonly filter: AlertFilter }) {
  const alerts = useAlerts();
  const fleet = useFleet();
  const { client } = useConsole();
  const live = useLiveState(client);
  const now = useNow();
  const { query } = useAddress();
  const id = query.get('id') ?? '';
  const grouped = query.get('group') !== 'none';
  const limit = Math.max(PAGE, Number(query.get('shown')) || PAGE);
  const shown = useMemo(
    () => [...alerts.open.values()].filter((one) => one.id === id || alertMatches(one, filter)).sort(compareAlerts),
    [alerts, alerts.version, id, ...Object.values(filter)],
  );
  if (alerts.failure !== null) {
    return (
      <Notice title="Alerts cannot be heard" tone="critical">
        {alerts.failure}. The history can be read all the same.
      </Notice>
    );
  }
  if (!alerts.ready) {
    const state = dataState({ live, silent_since: null, now });
    return (
      <div aria-busy="true">
        <Notice title={state.kind === 'lost' ? 'Alerts cannot be heard just now' : 'Loading'}>
          {state.kind === 'lost' ? state.text : 'Asking for alerts.'}
        </Notice>
      </div>
    );
  }
  if (shown.length === 0) {
    return alerts.open.size === 0 ? (
      <div data-testid="no-alert">
        <Notice title="All is quiet">No alert is open. New ones appear here as they are found.</Notice>
      </div>
    ) : (
      <Notice title="No alert matches">
        <button type="button" onClick={() => setQuery(NO_FILTER)}>
          Clear the filters
        </button>
      </Notice>
    );
  }
  const entries = (those: readonly AlertAnswer[]) => (
    <ol class="stories">
      {those.map((alert) => (
        <AlertEntry
          key={alert.id}
          alert={alert}
          gpu={fleet.gpus.get(alert.gpu_uuid)}
          opened={alert.id === id}
          now={now}
        />
      ))}
    </ol>
  );
  const listed = shown.slice(0, limit);
  return (
    <div data-testid="open-alerts">
      {grouped
        ? groupAlerts(listed).map((group) => (
            <section key={group.key} class="alert-group" aria-label={groupText(group)} data-group={group.key}>
              <h2>
                <GroupLink group={group} />{' '}
                <span class="quiet">
                  {integer(group.alerts.length)}
                  {group.alerts.every(isQuiet) ? ', quiet' : ''}
                </span>
              </h2>
              {entries(group.alerts)}
            </section>
          ))
        : entries(listed)}
      <p class="count" role="status">
        {shown.length > listed.length && `The worst ${integer(listed.length)} of ${integer(shown.length)}. `}
        {shown.length > listed.length && (
          <button type="button" onClick={() => setQuery({ shown: String(limit + PAGE) })}>
            Show more
          </button>
        )}
      </p>
    </div>
  );
}

const groupText = ({ kind, name }: AlertGroup): string =>
  kind === 'incident' ? 'Incident' : kind === 'node' ? `Node ${name}` : 'Wider than a node';

function GroupLink({ group }: { readonly group: AlertGroup }) {
  const { kind, name, alerts } = group;
  if (kind === 'wide') return <>{groupText(group)}</>;
  const place = alerts[0]?.node || alerts[0]?.rack || alerts[0]?.cluster || '';
  return kind === 'incident' ? (
    <a href={incidentPath(name)}>Incident{place === '' ? '' : ` · ${place}`}</a>
  ) : (
    <a href={nodePath(name)}>{groupText(group)}</a>
  );
}
