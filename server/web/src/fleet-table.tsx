import { useMemo } from 'preact/hooks';
import { COLUMNS, sortGpus } from './fleet-columns.ts';
import type { FleetGpu } from './fleet-gpu.ts';
import type { FleetGroup } from './fleet-order.ts';
import { ROW } from './keyboard.ts';
import { LongRows } from './long-rows.tsx';
import { gpuPath, setQuery } from './router.ts';

/** The map as a table; only the rows in sight are drawn, so its length costs nothing. */
export function FleetTable(props: {
  readonly groups: readonly FleetGroup[];
  readonly gpus: ReadonlyMap<string, FleetGpu>;
  readonly version: number;
  readonly sort: string;
}) {
  const { groups, gpus, version, sort } = props;
  const members = useMemo(() => groups.flatMap(({ blocks }) => blocks.flatMap((block) => block.gpus)), [groups]);
  const rows = useMemo(
    () =>
      sortGpus(
        members.map((gpu) => gpus.get(gpu.gpu_uuid) ?? gpu),
        sort,
      ),
    [members, gpus, version, sort],
  );
  return (
    <div class="table" data-testid="fleet-table">
      <div class="scroll">
        <table aria-rowcount={rows.length + 1}>
          <caption class="hidden">GPUs and their main readings</caption>
          <thead>
            <tr>
              {COLUMNS.map(({ id, label, number, lowest_first = false }) => {
                const way = sort === id ? 'ascending' : sort === `-${id}` ? 'descending' : 'none';
                return (
                  <th key={id} scope="col" aria-sort={way} class={number ? 'number' : `column-${id}`}>
                    <button type="button" onClick={() => setQuery({ sort: nextSort(id, sort, lowest_first) })}>
                      {label}
                      <span aria-hidden="true">{way === 'ascending' ? ' ↑' : way === 'descending' ? ' ↓' : ''}</span>
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <LongRows
            rows={rows}
            columns={COLUMNS.length}
            row={(gpu, index) => (
              <tr key={gpu.gpu_uuid} aria-rowindex={index + 2}>
                {COLUMNS.map(({ id, text, number }, i) => (
                  <td key={id} class={number ? 'number' : id === 'state' ? (gpu.worst ?? '') : `column-${id}`}>
                    {i === 0 ? (
                      <a href={gpuPath(gpu.gpu_uuid)} {...ROW}>
                        {text(gpu)}
                      </a>
                    ) : (
                      text(gpu)
                    )}
                  </td>
                ))}
              </tr>
            )}
          />
        </table>
      </div>
    </div>
  );
}

/** The first press shows the end that one looks for, the next the other. */
function nextSort(id: string, sort: string, lowest_first: boolean): string {
  const [first, second] = lowest_first ? [id, `-${id}`] : [`-${id}`, id];
  return sort === first ? second : first;
}
