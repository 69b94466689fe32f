import { useMemo, useState } from 'preact/hooks';
import { anomalyText } from './anomaly-text.ts';
import type { FleetStore } from './fleet-store.ts';
import { duration, integer } from './format-value.ts';
import { type Need, needsMe } from './needs-me.ts';
import { gpuPath } from './router.ts';
import { SeverityBadge } from './severity-badge.tsx';

const SHOWN = 12;
/** On a telephone the list is above the map and must leave it in sight. */
const SHOWN_NARROW = 4;
const NARROW = matchMedia('(max-width: 720px)');
const SHOWN_MAX = 200;

/** GPUs with open anomalies, the one that needs someone most first. */
export function NeedsMe({ fleet, now }: { readonly fleet: FleetStore; readonly now: number }) {
  const [all, setAll] = useState(false);
  const needs = useMemo(() => needsMe(fleet.anomalies.values(), fleet.gpus), [fleet, fleet.version]);
  const few = NARROW.matches ? SHOWN_NARROW : SHOWN;
  const shown = needs.slice(0, all ? SHOWN_MAX : few);
  return (
    <section class="card needs" aria-labelledby="needs-title">
      <h2 id="needs-title">
        Needs someone now <span class="quiet">{integer(needs.length)}</span>
      </h2>
      {needs.length === 0 ? (
        <p class="quiet empty">No open anomaly.</p>
      ) : (
        <ol data-testid="needs-me">
          {shown.map((need) => (
            <Entry key={need.gpu_uuid} need={need} now={now} />
          ))}
        </ol>
      )}
      {needs.length > few && (
        <button type="button" class="more" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${integer(Math.min(needs.length, SHOWN_MAX))}`}
        </button>
      )}
    </section>
  );
}

function Entry({ need, now }: { readonly need: Need; readonly now: number }) {
  const { worst, others } = need;
  const age = (now - Date.parse(worst.opened_at)) / 1_000;
  return (
    <li>
      <a href={gpuPath(need.gpu_uuid)}>
        <span class="line">
          <SeverityBadge severity={worst.severity} />
          <b>
            {need.node}
            {need.slot !== '' && ` · GPU ${need.slot}`}
          </b>
          <span class="quiet age">{age > 0 ? duration(age) : 'now'}</span>
        </span>
        <span class="why" title={worst.explanation}>
          {anomalyText(worst)}
          {others > 0 && `; ${others} more`}
        </span>
      </a>
    </li>
  );
}
