import type { ComponentChildren } from 'preact';
import type { FleetFigures } from './fleet-figures.ts';
import { decimal, integer, power } from './format-value.ts';

/** The top line. Null figures: nothing is known yet. */
export function FleetCounters(props: { readonly figures: FleetFigures | null; readonly samples_per_s: number | null }) {
  const { figures, samples_per_s } = props;
  const watts = figures?.power_watts == null ? null : power(figures.power_watts);
  const { mean_temp_celsius: mean, max_temp_celsius: max } = figures ?? {};
  const { critical, warning, info } = figures?.open ?? { critical: 0, warning: 0, info: 0 };
  const known = figures !== null;
  return (
    <dl class="counters" data-testid="fleet-counters">
      <Counter name="Open anomalies" id="anomalies" wide>
        {known ? (
          <span class="severities">
            <Count severity="critical" count={critical} />
            <Count severity="warning" count={warning} />
            <Count severity="info" count={info} />
          </span>
        ) : (
          '–'
        )}
      </Counter>
      <Counter name="GPUs" id="gpus">
        {known ? integer(figures.gpus) : '–'}
      </Counter>
      <Counter name="Nodes" id="nodes">
        {known ? integer(figures.nodes) : '–'}
      </Counter>
      <Counter name="Power" id="power" unit={watts?.unit}>
        {known ? (watts?.text ?? 'n/a') : '–'}
      </Counter>
      <Counter name="Temperature mean / max" id="temperature" unit={max == null ? '' : '°C'}>
        {!known ? '–' : mean == null || max == null ? 'n/a' : `${decimal(mean, 0)} / ${decimal(max, 0)}`}
      </Counter>
      <Counter name="Stale GPUs" id="stale" tone={known && figures.stale > 0 ? 'warning' : undefined}>
        {known ? integer(figures.stale) : '–'}
      </Counter>
      <Counter name="Samples" id="samples" unit={samples_per_s === null ? '' : '/s'}>
        {samples_per_s === null ? '–' : decimal(samples_per_s, samples_per_s < 10 ? 1 : 0)}
      </Counter>
    </dl>
  );
}

function Counter(props: {
  readonly name: string;
  readonly id: string;
  readonly unit?: string | undefined;
  readonly wide?: boolean;
  readonly tone?: string | undefined;
  readonly children: ComponentChildren;
}) {
  return (
    <div class={`counter ${props.wide === true ? 'wide' : ''} ${props.tone ?? ''}`}>
      <dt>{props.name}</dt>
      <dd data-counter={props.id}>
        {props.children}
        {props.unit !== undefined && props.unit !== '' && <small> {props.unit}</small>}
      </dd>
    </div>
  );
}

function Count({ severity, count }: { readonly severity: string; readonly count: number }) {
  return (
    <span class={`count-of ${severity} ${count === 0 ? 'zero' : ''}`}>
      <b>{integer(count)}</b> {severity}
    </span>
  );
}
