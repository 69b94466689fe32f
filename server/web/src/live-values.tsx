import type { Metric } from '../../../pipeline/contract/metrics.ts';
import type { Sample } from '../../client/api-client.ts';
import { formatReading } from './format-value.ts';
import { metricGroups, missingReason } from './metric-groups.ts';
import { metricLabel } from './metric-label.ts';
import { setQuery } from './router.ts';
import { SearchField } from './search-field.tsx';

const GROUPS = metricGroups();

/** Every metric of the catalogue with its latest reading, or why there is none. */
export function LiveValues({ sample, wanted }: { readonly sample: Sample | null; readonly wanted: string }) {
  const words = wanted.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const named = ({ name, help }: Metric): boolean => {
    const text = `${name} ${metricLabel(name)} ${help}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const groups = GROUPS.map(({ title, metrics }) => ({ title, metrics: metrics.filter(named) })).filter(
    ({ metrics }) => metrics.length > 0,
  );
  return (
    <section class="card values" aria-labelledby="values-title">
      <div class="head">
        <h2 id="values-title">Latest readings</h2>
        <div class="grow" />
        <SearchField
          label="Search readings"
          placeholder="Which readings"
          value={wanted}
          onInput={(metric) => setQuery({ metric })}
        />
      </div>
      <div class="groups">
        {groups.length === 0 && <p class="quiet empty">No reading is called so.</p>}
        {groups.map(({ title, metrics }) => (
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
