import { useMemo, useState } from 'preact/hooks';
import { useIncidents } from './console-parts.ts';
import type { FleetStore } from './fleet-store.ts';
import { duration, integer } from './format-value.ts';
import { ROW } from './keyboard.ts';
import { money } from './money-text.ts';
import { type Need, needsMe } from './needs-me.ts';
import { anomaliesPath } from './router.ts';
import { SeverityBadge } from './severity-badge.tsx';

/** On a telephone the lists are above the map and must leave it in sight. */
const NARROW = matchMedia('(max-width: 720px)');
const SHOWN_MAX = 200;

/** What needs someone, the most urgent first, each with what to do; notes apart. */
export function NeedsMe({ fleet, now }: { readonly fleet: FleetStore; readonly now: number }) {
  const incidents = useIncidents();
  const needs = useMemo(
    () => needsMe({ incidents: incidents.open ?? [], anomalies: fleet.anomalies.values(), gpus: fleet.gpus }),
    [fleet, fleet.version, incidents, incidents.version],
  );
  const urgent = needs.filter(({ severity }) => severity !== 'info');
  const notes = needs.filter(({ severity }) => severity === 'info');
  const waiting = urgent.reduce((sum, { usd_per_hour }) => sum + (usd_per_hour ?? 0), 0);
  return (
    <section class="card needs" aria-labelledby="needs-title">
      <h2 id="needs-title">
        Needs someone now <span class="quiet">{integer(urgent.length)}</span>
      </h2>
      {waiting > 0 && (
        <p class="quiet small" data-testid="cost-of-waiting">
          Waiting is expected to cost <b>{money(waiting)} an hour</b>; what costs most comes first.
        </p>
      )}
      {incidents.failure !== null && (
        <p class="quiet small" role="status">
          Incidents cannot be read just now; anomalies are live.
        </p>
      )}
      {urgent.length === 0 && (
        <p class="quiet empty">{notes.length === 0 ? 'No open anomaly.' : 'No warning, nothing critical.'}</p>
      )}
      <Entries id="needs-me" needs={urgent} shown={NARROW.matches ? 4 : 10} now={now} />
      {notes.length > 0 && (
        <h3>
          For information <a href={anomaliesPath({ severity: 'info' })}>{integer(notes.length)}</a>
        </h3>
      )}
      <Entries id="for-information" needs={notes} shown={NARROW.matches ? 2 : 4} now={now} />
    </section>
  );
}

function Entries(props: {
  readonly id: string;
  readonly needs: readonly Need[];
  readonly shown: number;
  readonly now: number;
}) {
  const { id, needs, shown, now } = props;
  const [all, setAll] = useState(false);
  if (needs.length === 0) return null;
  return (
    <>
      <ol data-testid={id}>
        {needs.slice(0, all ? SHOWN_MAX : shown).map((need) => (
          <Entry key={need.id} need={need} now={now} />
        ))}
      </ol>
      {needs.length > shown && (
        <button type="button" class="more" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${integer(Math.min(needs.length, SHOWN_MAX))}`}
        </button>
      )}
    </>
  );
}

/** The largest unit alone. */
const roughly = (seconds: number): string => duration(seconds).split(' ').slice(0, 2).join(' ');

function Entry({ need, now }: { readonly need: Need; readonly now: number }) {
  const { severity, where, href, why, whole, action, since, usd_per_hour } = need;
  const age = (now - Date.parse(since)) / 1_000;
  return (
    <li>
      <a href={href} {...ROW}>
        <span class="line">
          <SeverityBadge severity={severity} />
          <b>{where}</b>
          <span class="quiet age">{age > 0 ? roughly(age) : 'now'}</span>
        </span>
        <span class="why" title={whole}>
          {why}
        </span>
        {action !== '' && severity !== 'info' && <span class="todo">{action}</span>}
        {usd_per_hour !== null && usd_per_hour > 0 && severity !== 'info' && (
          <span class="cost small" title="Expected loss while nothing is done">
            {money(usd_per_hour)} an hour
          </span>
        )}
      </a>
    </li>
  );
}
