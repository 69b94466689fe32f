import { integer } from './format-value.ts';
import { ROW } from './keyboard.ts';
import type { TopologyAnswer } from './pipeline-answer.ts';
import type { StepRate } from './pipeline-rates.ts';
import { busyText, rateText, shortTime } from './pipeline-text.ts';
import { setQuery } from './router.ts';

const HEADS = [
  ['Step', ''],
  ['In', 'number'],
  ['Out', 'number'],
  ['Busy', 'number'],
  ['An item', 'number'],
  ['A batch', 'number'],
  ['In, ever', 'number'],
  ['Reads from', ''],
  ['Does', ''],
] as const;

/** The drawing as a table: each step with its rates and times. */
export function StepTable(props: {
  readonly topology: TopologyAnswer;
  readonly rates: ReadonlyMap<string, StepRate>;
  readonly notes: ReadonlyMap<string, string>;
  readonly chosen: string;
}) {
  const { topology, rates, notes, chosen } = props;
  return (
    <section class="card table" aria-label="Steps" data-testid="step-table">
      <div class="scroll">
        <table>
          <caption class="hidden">Steps of the pipeline with their rates and times</caption>
          <thead>
            <tr>
              {HEADS.map(([head, kind]) => (
                <th key={head} scope="col" class={`plain ${kind}`}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {topology.steps.map(({ id, kind, items_in }) => {
              const rate = rates.get(id);
              const from = [...new Set(topology.edges.filter(({ to }) => to === id).map((edge) => edge.from))];
              return (
                <tr key={id} data-step={id} class={id === chosen ? 'chosen' : ''}>
                  <td>
                    <button
                      type="button"
                      class="plain-button"
                      aria-pressed={id === chosen}
                      onClick={() => setQuery({ step: id === chosen ? '' : id })}
                      {...ROW}
                    >
                      {id}
                    </button>{' '}
                    <span class="quiet small">{kind}</span>
                  </td>
                  <td class="number">{rate === undefined || kind === 'source' ? '–' : rateText(rate.in_per_s)}</td>
                  <td class="number">{rate === undefined || kind === 'sink' ? '–' : rateText(rate.out_per_s)}</td>
                  <td class="number">{rate === undefined ? '–' : busyText(rate.busy_ratio).replace(' busy', '')}</td>
                  <td class="number">{shortTime(rate?.item_ms ?? null)}</td>
                  <td class="number">{shortTime(rate?.batch_ms ?? null)}</td>
                  <td class="number">{integer(items_in)}</td>
                  <td class="quiet what" title={from.join(', ')}>
                    {from.join(', ')}
                  </td>
                  <td class="quiet what" title={notes.get(id)}>
                    {notes.get(id) ?? ''}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
