import { useMemo } from 'preact/hooks';
import { COLUMNS, sortGpus } from './fleet-columns.ts';
import type { FleetGpu } from './fleet-gpu.ts';
import type { FleetGroup } from './fleet-order.ts';
import { integer } from './format-value.ts';
import { gpuPath, setQuery } from './router.ts';

const PAGE = 100;

/** The map as a table, a hundred rows at a time. */
export function FleetTable(props: {
  readonly groups: readonly FleetGroup[];
  readonly gpus: ReadonlyMap<string, FleetGpu>;
  readonly sort: string;
  readonly page: number;
}) {
  const { groups, gpus, sort } = props;
  const members = useMemo(() => groups.flatMap(({ blocks }) => blocks.flatMap((block) => block.gpus)), [groups]);
  const rows = sortGpus(
    members.map((gpu) => gpus.get(gpu.gpu_uuid) ?? gpu),
    sort,
  );
  const pages = Math.ceil(rows.length / PAGE);
  const page = Math.min(Math.max(1, props.page), pages);
  const go = (to: number): void => setQuery({ page: to === 1 ? '' : String(to) });
  return (
    <div class="table" data-testid="fleet-table">
      <div class="scroll">
        <table>
          <caption class="hidden">GPUs and their main readings</caption>
          <thead>
            <tr>
              {COLUMNS.map(({ id, label, number, lowest_first = false }) => {
                const way = sort === id ? 'ascending' : sort === `-${id}` ? 'descending' : 'none';
                return (
                  <th key={id} scope="col" aria-sort={way} class={number ? 'number' : `column-${id}`}>
                    <button
                      type="button"
                      onClick={() => setQuery({ sort: nextSort(id, sort, lowest_first), page: '' })}
                    >
                      {label}
                      <span aria-hidden="true">{way === 'ascending' ? ' ↑' : way === 'descending' ? ' ↓' : ''}</span>
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {rows.slice((page - 1) * PAGE, page * PAGE).map((gpu) => (
              <tr key={gpu.gpu_uuid}>
                {COLUMNS.map(({ id, text, number }, i) => (
                  <td key={id} class={number ? 'number' : id === 'state' ? (gpu.worst ?? '') : `column-${id}`}>
                    {i === 0 ? <a href={gpuPath(gpu.gpu_uuid)}>{text(gpu)}</a> : text(gpu)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {pages > 1 && (
        <nav class="pager" aria-label="Pages">
          <button type="button" disabled={page === 1} onClick={() => go(page - 1)}>
            Previous
          </button>
          <span>
            Page {integer(page)} of {integer(pages)}
          </span>
          <button type="button" disabled={page === pages} onClick={() => go(page + 1)}>
            Next
          </button>
        </nav>
      )}
    </div>
  );
}

/** The first press shows the end that one looks for, the next the other. */
function nextSort(id: string, sort: string, lowest_first: boolean): string {
  const [first, second] = lowest_first ? [id, `-${id}`] : [`-${id}`, id];
  return sort === first ? second : first;
}
