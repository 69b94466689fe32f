import { useMemo, useState } from 'preact/hooks';
import type { StepCounts, StepEdge } from './pipeline-answer.ts';
import { layoutPipeline, STEP_WIDTH } from './pipeline-layout.ts';
import type { StepRate } from './pipeline-rates.ts';
import { rateText, shortTime } from './pipeline-text.ts';

/** Busy enough to look at, as a share of one core. */
const BUSY = 0.5;
const NAME_MAX = 17;
const ONE_LINE = 30;

/** The topology as it runs: what goes where, how much, and which step works hardest. The table below says the same. */
export function PipelineDrawing(props: {
  readonly steps: readonly StepCounts[];
  readonly edges: readonly StepEdge[];
  readonly rates: ReadonlyMap<string, StepRate>;
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
}) {
  const { steps, edges, rates, chosen, onChoose } = props;
  const shape = steps.map(({ id }) => id).join();
  const layout = useMemo(() => layoutPipeline(steps, edges), [shape, edges.length]);
  const [over, setOver] = useState('');
  const about = over || chosen;
  const near = new Set(
    layout.edges.filter(({ from, to }) => from === about || to === about).flatMap(({ from, to }) => [from, to]),
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="drawing-of" aria-label="Drawing of the pipeline" tabIndex={0} data-testid="pipeline-drawing">
      <svg viewBox={`0 0 ${layout.width} ${layout.height}`} class={about === '' ? '' : 'about'} aria-hidden="true">
        {layout.edges.map(({ from, to, ports, path }) => (
          <path
            key={`${from} ${to}`}
            d={path}
            class={`edge ${from === about || to === about ? 'near' : ''}`}
            stroke-width={widthOf(rates.get(from)?.out_per_s ?? 0)}
          >
            <title>
              {from} to {to}: {ports.join(', ')}
            </title>
          </path>
        ))}
        {layout.steps.map(({ id, kind, x, y, height }) => {
          const rate = rates.get(id);
          const busy = rate?.busy_ratio ?? 0;
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions: the table below does the same by keyboard
            <g
              key={id}
              transform={`translate(${x} ${y})`}
              class={`step ${kind} ${id === about ? 'chosen' : near.has(id) ? 'near' : ''} ${busy >= BUSY ? 'hot' : ''}`}
              onMouseEnter={() => setOver(id)}
              onMouseLeave={() => setOver('')}
              onClick={() => onChoose(id === chosen ? '' : id)}
            >
              <title>{id}</title>
              <rect width={STEP_WIDTH} height={height} rx={kind === 'sink' || kind === 'source' ? height / 2 : 5} />
              {busy > 0.001 && (
                <rect class="busy" x="6" y={height - 3} width={(STEP_WIDTH - 12) * Math.min(1, busy)} height="3" />
              )}
              <text x="10" y={height < ONE_LINE ? 16 : 15} class="name">
                {id.length > NAME_MAX ? `${id.slice(0, NAME_MAX - 1)}…` : id}
              </text>
              {height >= ONE_LINE && (
                <text x="10" y="30" class="figures">
                  {figuresOf(kind, rate)}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    </section>
  );
}

/** What comes in, and how long one of it takes. */
function figuresOf(kind: string, rate: StepRate | undefined): string {
  if (rate === undefined) return '…';
  const time = rate.item_ms === null || kind === 'source' ? '' : ` · ${shortTime(rate.item_ms)}`;
  return `${rateText(kind === 'source' ? rate.out_per_s : rate.in_per_s)}${time}`;
}

/** Thicker where more goes, but a thousandfold is not a thousand times as thick. */
const widthOf = (per_s: number): number => 1 + Math.min(4, Math.log10(1 + per_s));
