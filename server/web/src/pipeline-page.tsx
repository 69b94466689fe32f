import { useRef, useState } from 'preact/hooks';
import { AnswerState } from './answer-state.tsx';
import { api } from './api.ts';
import { useMay, useNow } from './console-parts.ts';
import { DeadLetters } from './dead-letters.tsx';
import { instant, timeText } from './format-time.ts';
import { duration, integer } from './format-value.ts';
import { Notice } from './notice.tsx';
import type { TopologyAnswer } from './pipeline-answer.ts';
import { PipelineDrawing } from './pipeline-drawing.tsx';
import { keptReports, stepNotes, stepRates } from './pipeline-rates.ts';
import { rateText } from './pipeline-text.ts';
import { setQuery, useAddress } from './router.ts';
import { Segmented } from './segmented.tsx';
import { StepTable } from './step-table.tsx';
import { useAnswer } from './use-answer.ts';

const EVERY_MS = 2_000;
/** Rates are told over so long. */
const RATE_MS = 12_000;
/** Engines tell of themselves every second. */
const SILENT_MS = 10_000;

/** How what comes in becomes verdicts: every step with its rate, its time and what waits, live. */
export function PipelinePage() {
  const now = useNow();
  const may = useMay();
  const { query } = useAddress();
  const worker = query.get('worker') ?? '';
  const step = query.get('step') ?? '';
  const [reports, setReports] = useState<readonly TopologyAnswer[]>([]);
  const offset = useRef(0);
  const answered = useAnswer(
    async (signal) => {
      const answer = (await api.get('/api/v1/topology', {
        query: worker === '' ? {} : { worker },
        signal,
      })) as unknown as TopologyAnswer;
      // The engine's event times are of its own clock.
      if (answer.ts !== undefined) offset.current = answer.ts - Date.now();
      setReports((before) => keptReports(before, answer, RATE_MS));
      return answer;
    },
    { about: worker, every_ms: EVERY_MS },
  );
  return (
    <div class="listing pipeline" data-testid="pipeline-page">
      <div class="head">
        <h1>Pipeline</h1>
        {(answered.value?.workers.length ?? 0) > 1 && (
          <Segmented
            name="Engine"
            value={worker || (answered.value?.worker ?? '')}
            options={(answered.value?.workers ?? []).map((one) => [one, one])}
            onChange={(one) => setQuery({ worker: one, step: '' })}
          />
        )}
      </div>
      <AnswerState answered={answered} what="The pipeline's figures" now={now}>
        {(topology) =>
          topology.worker === null ? (
            <section class="card" data-testid="no-engine">
              <Notice title="No engine has told of itself yet">
                An engine tells once a second what its steps do. Start one with <code>gpu-vitals engine</code>, or all
                with <code>gpu-vitals up</code>; this page fills by itself.
              </Notice>
            </section>
          ) : (
            <Running topology={topology} reports={reports} step={step} now={now} engine_now={now + offset.current} />
          )
        }
      </AnswerState>
      {may('GET /api/v1/dead-letters') && (
        <DeadLetters
          reason={query.get('reason') ?? ''}
          refused={answered.value?.steps.find(({ id }) => id === 'dead_letters')?.items_in ?? 0}
          now={now}
        />
      )}
    </div>
  );
}

function Running(props: {
  readonly topology: TopologyAnswer;
  readonly reports: readonly TopologyAnswer[];
  readonly step: string;
  readonly now: number;
  readonly engine_now: number;
}) {
  const { topology, reports, step, now, engine_now } = props;
  const [first, last] = [reports[0], reports.at(-1)];
  const rates = first === undefined || last === undefined ? new Map() : stepRates(first, last);
  const notes = stepNotes(topology.mermaid ?? '');
  const heard_at = instant(topology.received_at);
  const silent = heard_at !== null && now - heard_at > SILENT_MS;
  return (
    <>
      {silent && (
        <div class="banner" role="alert" data-testid="stale-banner">
          The engine {topology.worker} has told nothing since {timeText(heard_at, now)}. What is shown is what it told
          then.
        </div>
      )}
      <Figures topology={topology} rates={rates} now={engine_now} silent={silent} />
      <section class="card" aria-label="Steps drawn">
        <PipelineDrawing
          steps={topology.steps}
          edges={topology.edges}
          rates={rates}
          chosen={step}
          onChoose={(id) => setQuery({ step: id })}
        />
        <p class="quiet small">
          Each step with what comes in and the time that one takes; thicker lines carry more. Chosen:{' '}
          {step === '' ? 'none' : `${step}${notes.has(step) ? `, ${notes.get(step)}` : ''}`}
        </p>
      </section>
      <StepTable topology={topology} rates={rates} notes={notes} chosen={step} />
    </>
  );
}

function Figures(props: {
  readonly topology: TopologyAnswer;
  readonly rates: ReadonlyMap<string, { readonly out_per_s: number; readonly busy_ratio: number }>;
  readonly now: number;
  readonly silent: boolean;
}) {
  const { topology, rates, now, silent } = props;
  const { lag_messages, watermark, gpus, started_at, worker } = topology;
  const rows = rates.get('decode')?.out_per_s;
  const busy = [...rates.values()].reduce((sum, { busy_ratio }) => sum + busy_ratio, 0);
  const behind = watermark == null ? null : Math.max(0, (now - watermark) / 1_000);
  const lag = lag_messages ?? 0;
  return (
    <dl class="counters" data-testid="pipeline-figures">
      {(
        [
          ['rows', 'Rows', rows === undefined || silent ? '–' : rateText(rows), ''],
          ['lag', 'Scrapes waiting', integer(lag), lag > 1_000 ? 'warning' : ''],
          ['behind', 'Done up to', behind === null || silent ? '–' : `${duration(behind)} ago`, ''],
          [
            'busy',
            'Busy, of a core',
            rates.size === 0 || silent ? '–' : `${(100 * busy).toFixed(busy < 0.1 ? 1 : 0)} %`,
            '',
          ],
          ['gpus', 'GPUs and instances', gpus === undefined ? '–' : integer(gpus), ''],
          ['up', 'Runs for', started_at === undefined ? '–' : duration((now - started_at) / 1_000), ''],
          ['worker', 'Engine', worker ?? '–', ''],
        ] as const
      ).map(([id, name, text, tone]) => (
        <div key={id} class={`counter ${tone}`}>
          <dt>{name}</dt>
          <dd data-counter={id}>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
