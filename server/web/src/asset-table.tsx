import type { Asset } from '../../client/api-client.ts';
import { dateText } from './format-time.ts';
import { ROW } from './keyboard.ts';
import { LongRows } from './long-rows.tsx';
import { assetPath, setQuery } from './router.ts';

const COLUMNS: readonly {
  readonly id: keyof Asset;
  readonly label: string;
  readonly text?: (asset: Asset) => string;
}[] = [
  { id: 'node', label: 'Node' },
  { id: 'slot', label: 'Slot' },
  { id: 'gpu_uuid', label: 'GPU' },
  { id: 'model', label: 'Model' },
  { id: 'serial', label: 'Serial' },
  { id: 'cluster', label: 'Cluster' },
  { id: 'rack', label: 'Rack' },
  { id: 'owner', label: 'Owner' },
  { id: 'tenant', label: 'Tenant' },
  { id: 'status', label: 'Status' },
  { id: 'warranty_until', label: 'Warranty', text: ({ warranty_until }) => day(warranty_until) },
  { id: 'note', label: 'Note' },
];
const day = (at: string | null): string => (at === null ? '' : dateText(Date.parse(at)));

/** The inventory, a line an asset; only the lines in sight are drawn. */
export function AssetTable(props: {
  readonly assets: readonly Asset[];
  readonly sort: string;
  readonly chosen: ReadonlySet<string>;
  readonly opened: string;
  readonly onChoose: (uuids: readonly string[], chosen: boolean) => void;
}) {
  const { assets, sort, chosen, opened, onChoose } = props;
  const all = assets.length > 0 && assets.every(({ gpu_uuid }) => chosen.has(gpu_uuid));
  return (
    <div class="table" data-testid="asset-table">
      <div class="scroll">
        <table aria-rowcount={assets.length + 1}>
          <caption class="hidden">Assets</caption>
          <thead>
            <tr>
              <th scope="col" class="plain">
                <input
                  type="checkbox"
                  aria-label="All that are shown"
                  checked={all}
                  onChange={() =>
                    onChoose(
                      assets.map(({ gpu_uuid }) => gpu_uuid),
                      !all,
                    )
                  }
                />
              </th>
              {COLUMNS.map(({ id, label }) => {
                const way = sort === id ? 'ascending' : sort === `-${id}` ? 'descending' : 'none';
                return (
                  <th key={id} scope="col" aria-sort={way}>
                    <button type="button" onClick={() => setQuery({ sort: sort === id ? `-${id}` : id })}>
                      {label}
                      <span aria-hidden="true">{way === 'ascending' ? ' ↑' : way === 'descending' ? ' ↓' : ''}</span>
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <LongRows
            rows={assets}
            columns={COLUMNS.length + 1}
            row={(asset, index) => {
              const { gpu_uuid, status } = asset;
              return (
                <tr
                  key={gpu_uuid}
                  aria-rowindex={index + 2}
                  data-id={gpu_uuid}
                  data-status={status}
                  class={`${status === 'retired' ? 'closed' : ''} ${gpu_uuid === opened ? 'chosen' : ''}`}
                >
                  <td>
                    <input
                      type="checkbox"
                      aria-label={`Choose ${gpu_uuid}`}
                      checked={chosen.has(gpu_uuid)}
                      onChange={() => onChoose([gpu_uuid], !chosen.has(gpu_uuid))}
                    />
                  </td>
                  {COLUMNS.map(({ id, text }) => (
                    <td key={id} class={id === 'note' ? 'what' : undefined}>
                      {id === 'gpu_uuid' ? (
                        <a href={assetPath(gpu_uuid)} title={gpu_uuid} {...ROW}>
                          {gpu_uuid.slice(0, 16)}
                        </a>
                      ) : text !== undefined ? (
                        text(asset)
                      ) : (
                        String(asset[id] ?? '')
                      )}
                    </td>
                  ))}
                </tr>
              );
            }}
          />
        </table>
      </div>
    </div>
  );
}
