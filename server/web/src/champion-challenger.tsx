import type { Model, ModelPerformance } from '../../client/api-client.ts';
import { api } from './api.ts';
import { dateText } from './format-time.ts';
import { integer, percent } from './format-value.ts';
import { type Figure, howWellFigures } from './how-well-text.ts';
import { useAnswer } from './use-answer.ts';

const EVERY_MS = 300_000;
const HORIZON = 30 as const;
const UNKNOWN = '–';

/** Of what each version really predicted, the one of a model; null: nothing was kept yet. */
export const performanceOf = (items: readonly ModelPerformance[], { name, version }: Model): ModelPerformance | null =>
  items.find((item) => item.model_name === name && (name === 'heuristic' || item.model_version === version)) ?? null;

/**
 * Models that share the fleet, side by side. A champion has seen failures from before its challenger came, so both are
 * judged by the time since the later of them has predicted.
 */
export function ChampionChallenger(props: {
  readonly judging: readonly Model[];
  /** Of all versions and all times. */
  readonly performance: readonly ModelPerformance[];
}) {
  const { judging, performance } = props;
  const since = sharedSince(judging.map((model) => performanceOf(performance, model)));
  const answered = useAnswer(
    async (signal) => {
      if (since === null) return [];
      const query = { horizon: `${HORIZON}`, from: since } as const;
      return (await api.get('/api/v1/models/performance', { query, signal })).items;
    },
    { about: String(since), every_ms: EVERY_MS },
  );
  const known = answered.current ? (answered.value ?? []) : [];
  const sides = judging.map((model) => ({ model, figures: figuresOf(model, performanceOf(known, model)) }));
  const rows = sides.reduce<readonly Figure[]>(
    (longest, { figures }) => (figures.length > longest.length ? figures : longest),
    [],
  );
  return (
    <section class="card table versus" aria-labelledby="versus-title" data-testid="champion-challenger">
      <h2 id="versus-title">Champion and challenger</h2>
      <p class="quiet small">
        {since === null
          ? 'How well each does is told once both have predicted.'
          : `Each by its own GPUs, both since ${dateText(since)}, by failures within ${HORIZON} days.`}
      </p>
      {answered.failure !== null && (
        <p class="warning small" role="status">
          How well each does cannot be read just now ({answered.failure}). Trying again.
        </p>
      )}
      <table>
        <caption class="hidden">How much of the fleet each model judges, and how well</caption>
        <thead>
          <tr>
            <td />
            {judging.map((model) => (
              <th key={model.version} scope="col" class="plain number">
                <b>{model.version === model.name ? model.name : `${model.name} ${model.version}`}</b>
                <br />
                {roleOf(model)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, help }, row) => (
            <tr key={name} data-figure={name} title={help}>
              <th scope="row" class="plain">
                {name}
              </th>
              {sides.map(({ model, figures }) => (
                <td key={model.version} class="number">
                  {figures[row]?.text ?? UNKNOWN}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Epoch ms from which on all of them have predicted; null while one has not. */
function sharedSince(items: readonly (ModelPerformance | null)[]): number | null {
  const begun = items.flatMap((item) => (item === null ? [] : [Date.parse(item.from)]));
  return begun.length < items.length || begun.length === 0 ? null : Math.max(...begun);
}

const figuresOf = (model: Model, item: ModelPerformance | null): readonly Figure[] => [
  { name: 'GPUs judged', text: `${percent(model.judges_ratio)} %`, help: 'Its share of the fleet now.' },
  ...(item === null
    ? []
    : [
        {
          name: 'Predictions',
          text: `${integer(item.predictions)}, ${integer(item.settled)} settled`,
          help: 'One a GPU and day; settled are those that have come true or not.',
        },
        ...howWellFigures(item),
      ]),
];

/** What is configured judges where nobody was promoted. */
const roleOf = ({ aliases }: Model): string =>
  aliases.find((alias) => alias === 'champion' || alias === 'challenger') ?? 'no champion is named';
