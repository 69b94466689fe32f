import { useMemo, useRef } from 'preact/hooks';
import { colourMode } from './colour-modes.ts';
import { useFleet, useNow } from './console-parts.ts';
import { FleetCounters } from './fleet-counters.tsx';
import { fleetFigures } from './fleet-figures.ts';
import { matches } from './fleet-filter.ts';
import { type FleetGroup, filterGroups, fleetOrder, type GroupBy, sameMembers } from './fleet-order.ts';
import { FleetTable } from './fleet-table.tsx';
import { FleetToolbar } from './fleet-toolbar.tsx';
import { timeText } from './format-time.ts';
import { integer } from './format-value.ts';
import { Heatmap } from './heatmap.tsx';
import { healthLoader } from './load-health.ts';
import { riskLoader } from './load-risks.ts';
import { NeedsMe } from './needs-me-list.tsx';
import { Notice } from './notice.tsx';
import { setQuery, useAddress } from './router.ts';
import { useAsking } from './use-asking.ts';

const HEALTH_EVERY_MS = 60_000;
const RISKS_EVERY_MS = 60_000;

/** The whole fleet: figures, what needs someone, and every GPU at once. */
export function FleetPage() {
  const fleet = useFleet();
  const now = useNow();
  const loadHealth = useMemo(() => healthLoader(fleet), [fleet]);
  useAsking(loadHealth, { about: fleet.ready ? 'health' : '', hint: fleet.criticals, every_ms: HEALTH_EVERY_MS });
  const { query } = useAddress();
  const loadRisks = useMemo(() => riskLoader(fleet), [fleet]);
  useAsking(loadRisks, { about: fleet.ready ? 'risks' : '', hint: fleet.criticals, every_ms: RISKS_EVERY_MS });
  const ask = (name: string): string => query.get(name) ?? '';
  const filter = { search: ask('q'), model: ask('model'), node: ask('node'), severity: ask('severity') };
  const by = groupBy(ask('group'));
  const filtered = Object.values(filter).some((text) => text !== '');

  const order = useMemo(() => fleetOrder(fleet.gpus.values(), by, fleet.places), [fleet, fleet.structure, by]);
  const groups = useKept(
    useMemo(
      () => (filtered ? filterGroups(order, fleet.gpus, (gpu) => matches(gpu, filter, fleet.places)) : order),
      [order, fleet, fleet.version, ...Object.values(filter)],
    ),
  );
  const count = groups.reduce((sum, { blocks }) => blocks.reduce((inner, { gpus }) => inner + gpus.length, sum), 0);
  const figures = useMemo(() => fleetFigures(fleet.gpus.values(), fleet.anomalies.values()), [fleet, fleet.version]);

  if (!fleet.ready) {
    return (
      <div class="fleet">
        <FleetCounters figures={null} samples_per_s={null} />
        <section class="card skeleton" aria-busy="true" aria-label="Fleet">
          <Notice title="Loading">Waiting for the first picture of the fleet.</Notice>
        </section>
      </div>
    );
  }
  const silent = figures.gpus > 0 && figures.stale === figures.gpus && figures.newest !== null;
  return (
    <div class="fleet">
      <h1 class="hidden">Fleet</h1>
      {silent && figures.newest !== null && (
        <div class="banner" role="alert" data-testid="stale-banner">
          No data since {timeText(Date.parse(figures.newest), now)}: no GPU has sent anything. What is shown is the last
          known state.
        </div>
      )}
      <FleetCounters figures={figures} samples_per_s={fleet.samplesPerSecond()} />
      {figures.gpus === 0 ? (
        <section class="card">
          <Notice title="No GPU has been seen yet">
            Point the collector at your exporters with <code>gpu-vitals up --targets host:9400</code>, or wait for the
            first scrape. This page fills by itself.
          </Notice>
        </section>
      ) : (
        <div class="columns">
          <section class="card map" aria-label="All GPUs">
            <FleetToolbar fleet={fleet} filter={filter} by={by} mode={ask('colour')} view={ask('view')} />
            {count === 0 ? (
              <Notice title="No GPU matches">
                <button type="button" onClick={() => setQuery({ q: '', model: '', node: '', severity: '' })}>
                  Clear the filters
                </button>
              </Notice>
            ) : ask('view') === 'table' ? (
              <FleetTable groups={groups} gpus={fleet.gpus} version={fleet.version} sort={ask('sort')} />
            ) : (
              <Heatmap groups={groups} gpus={fleet.gpus} version={fleet.version} mode={colourMode(ask('colour'))} />
            )}
            {fleet.scores_failure !== null && (
              <p class="count warning" role="status" data-testid="scores-failure">
                Scores cannot be read just now ({fleet.scores_failure});{' '}
                {fleet.scored_at === null
                  ? 'health is unknown.'
                  : `those shown are of ${timeText(Date.parse(fleet.scored_at), now)}.`}
              </p>
            )}
            <p class="count" role="status">
              {filtered ? `${integer(count)} of ${integer(figures.gpus)} GPUs` : `${integer(count)} GPUs`}
            </p>
          </section>
          <NeedsMe fleet={fleet} now={now} />
        </div>
      )}
    </div>
  );
}

const groupBy = (text: string): GroupBy => (text === 'model' || text === 'none' ? text : 'place');

/** The groups as before while they have the same members, so that nothing is laid out anew for a new reading. */
function useKept(groups: readonly FleetGroup[]): readonly FleetGroup[] {
  const kept = useRef(groups);
  if (!sameMembers(kept.current, groups)) kept.current = groups;
  return kept.current;
}
