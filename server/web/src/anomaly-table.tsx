import type { AnomalyAnswer } from '../../schemas.ts';
import { anomalySource, anomalySpan, anomalyText } from './anomaly-text.ts';
import type { FleetGpu } from './fleet-gpu.ts';
import { gpuName } from './incident-text.ts';
import { ROW } from './keyboard.ts';
import { LongRows } from './long-rows.tsx';
import { metricLabel } from './metric-label.ts';
import { gpuPath, nodePath } from './router.ts';
import { SeverityBadge } from './severity-badge.tsx';

const HEADS = ['Severity', 'Where', 'What', 'Type', 'Found by', 'When'] as const;

/** Anomalies, a line each; only the lines in sight are drawn. */
export function AnomalyTable(props: {
  readonly anomalies: readonly AnomalyAnswer[];
  readonly gpus: ReadonlyMap<string, FleetGpu>;
  readonly now: number;
}) {
  const { anomalies, gpus, now } = props;
  return (
    <div class="table" data-testid="anomaly-table">
      <div class="scroll">
        <table aria-rowcount={anomalies.length + 1} class="stories">
          <caption class="hidden">Anomalies</caption>
          <thead>
            <tr>
              {HEADS.map((head) => (
                <th key={head} scope="col" class="plain">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <LongRows
            rows={anomalies}
            columns={HEADS.length}
            row={(anomaly, index) => {
              const { id, gpu_uuid, node, severity, type, state, explanation } = anomaly;
              const gpu = gpus.get(gpu_uuid);
              return (
                <tr key={id} aria-rowindex={index + 2} class={state} data-id={id} data-state={state}>
                  <td>
                    <SeverityBadge severity={severity} />
                  </td>
                  <td>
                    <a href={gpu_uuid === '' ? nodePath(node) : gpuPath(gpu_uuid)} title={gpu_uuid || node} {...ROW}>
                      {gpu_uuid === ''
                        ? `Node ${node}`
                        : gpu === undefined
                          ? `${node} · ${gpu_uuid.slice(0, 12)}`
                          : gpuName(gpu, gpu_uuid)}
                    </a>
                  </td>
                  <td class="what" title={explanation}>
                    {anomalyText(anomaly)}
                  </td>
                  <td>{metricLabel(type)}</td>
                  <td class="quiet">{anomalySource(anomaly)}</td>
                  <td class="quiet">{anomalySpan(anomaly, now)}</td>
                </tr>
              );
            }}
          />
        </table>
      </div>
    </div>
  );
}
