import type { FleetRisk } from '../../client/api-client.ts';
import type { FleetGpu } from './fleet-gpu.ts';
import { gpuName } from './incident-text.ts';
import { riskTone } from './prediction-text.ts';
import { nextRiskSort, RISK_COLUMNS } from './risk-columns.ts';
import { gpuPath, setQuery } from './router.ts';

/** Who fails next, in the order of the API. */
export function RiskTable(props: {
  readonly risks: readonly FleetRisk[];
  readonly gpus: ReadonlyMap<string, FleetGpu>;
  readonly sort: string;
}) {
  const { risks, gpus, sort } = props;
  return (
    <div class="table risks" data-testid="risk-table">
      <div class="scroll">
        <table>
          <caption class="hidden">GPUs by how likely they are to fail</caption>
          <thead>
            <tr>
              <th scope="col" class="plain">
                GPU
              </th>
              {RISK_COLUMNS.map((column) => {
                const way = sort === column.sort ? 'ascending' : sort === `-${column.sort}` ? 'descending' : 'none';
                return (
                  <th
                    key={column.id}
                    scope="col"
                    aria-sort={column.sort === null ? undefined : way}
                    class={`${column.number ? 'number' : ''} ${column.sort === null ? 'plain' : ''}`}
                  >
                    {column.sort === null ? (
                      column.label
                    ) : (
                      <button type="button" onClick={() => setQuery({ sort: nextRiskSort(column, sort), shown: '' })}>
                        {column.label}
                        <span aria-hidden="true">{way === 'ascending' ? ' ↑' : way === 'descending' ? ' ↓' : ''}</span>
                      </button>
                    )}
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {risks.map((risk) => (
              <tr key={`${risk.gpu_uuid} ${risk.instance}`} data-gpu={risk.gpu_uuid}>
                <td>
                  <a href={gpuPath(risk.gpu_uuid)} title={risk.gpu_uuid}>
                    {nameOf(risk, gpus)}
                  </a>
                </td>
                {RISK_COLUMNS.map(({ id, text, number }) => (
                  <td
                    key={id}
                    class={`${number ? 'number' : ''} ${id === 'p30' ? riskTone(risk.failure_prob_30d ?? 0) : ''}`}
                    title={id === 'p30' ? risk.explanation : undefined}
                  >
                    {text(risk)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function nameOf({ gpu_uuid, node, instance }: FleetRisk, gpus: ReadonlyMap<string, FleetGpu>): string {
  const gpu = gpus.get(gpu_uuid);
  const name = gpu === undefined && node !== '' ? `${node} · ${gpu_uuid.slice(0, 12)}` : gpuName(gpu, gpu_uuid);
  return instance === '' ? name : `${name}, MIG ${instance}`;
}
