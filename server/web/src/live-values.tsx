import type { Metric } from '../../../pipeline/contract/metrics.ts';
import type { Sample } from '../../schemas.ts';
import { formatReading } from './format-value.ts';
import { metricGroups, missingReason } from './metric-groups.ts';
import { metricLabel } from './metric-label.ts';

const GROUPS = metricGroups();

/** Every metric of the catalogue with its latest reading, or why there is none. */
export function LiveValues({ sample }: { readonly sample: Sample | null }) {
  return (
    <section class="card values" aria-labelledby="values-title">
      <div class="head">
        <h2 id="values-title">Latest readings</h2>
      </div>
      <div class="groups">
        {GROUPS.map(({ title, metrics }) => (
          <div class="group" key={title}>
            <h3>{title}</h3>
            <dl>
              {metrics.map((metric) => (
                <Value key={metric.name} metric={metric} sample={sample} />
              ))}
            </dl>
          </div>
        ))}
      </div>
    </section>
  );
}

function Value({ metric, sample }: { readonly metric: Metric; readonly sample: Sample | null }) {
  const value = sample?.[metric.name];
  const missing = value === undefined;
  const { text, unit } = missing ? { text: 'n/a', unit: '' } : formatReading(metric, value);
  const why = missing ? missingReason(metric, sample?.instance ?? '') : metric.help;
  return (
    <div class={missing ? 'missing' : ''} title={`${metric.name}: ${why}`}>
      <dt>{metricLabel(metric.name)}</dt>
      <dd data-testid="live-value" data-metric={metric.name}>
        {text}
        {unit !== '' && <small> {unit}</small>}
        {missing && <span class="hidden"> {why}</span>}
      </dd>
    </div>
  );
}
