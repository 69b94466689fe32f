import { useMemo, useState } from 'preact/hooks';
import type { StepCounts, StepEdge } from './pipeline-answer.ts';
import { layoutPipeline, STEP_HEIGHT, STEP_WIDTH } from './pipeline-layout.ts';
import type { StepRate } from './pipeline-rates.ts';
import { busyText, rateText } from './pipeline-text.ts';

/** Busy enough to look at, as a share of one core. */
const BUSY = 0.5;
const NAME_MAX = 20;

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
      <svg
        width={layout.width}
        height={layout.height}
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        class={about === '' ? '' : 'about'}
        aria-hidden="true"
      >
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
        {layout.steps.map(({ id, kind, x, y }) => {
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
              <rect width={STEP_WIDTH} height={STEP_HEIGHT} rx={kind === 'sink' || kind === 'source' ? 14 : 5} />
              <rect class="busy" y={STEP_HEIGHT - 4} width={STEP_WIDTH * Math.min(1, busy)} height="4" />
              <text x="9" y="17" class="name">
                {id.length > NAME_MAX ? `${id.slice(0, NAME_MAX - 1)}…` : id}
              </text>
              <text x="9" y="33" class="figures">
                {rate === undefined
                  ? '…'
                  : `${rateText(kind === 'source' ? rate.out_per_s : rate.in_per_s)} · ${busyText(rate.busy_ratio)}`}
              </text>
            </g>
          );
        })}
      </svg>
    </section>
  );
}

/** Thicker where more goes, but a thousandfold is not a thousand times as thick. */
const widthOf = (per_s: number): number => 1 + Math.min(4, Math.log10(1 + per_s));
