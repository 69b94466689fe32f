import type { Batch } from '../pipeline/contract/batch.ts';
import type { Asset } from '../pipeline/contract/events.ts';
import type { Operator } from '../pipeline/contract/operator.ts';
import type { GpuIdentity } from '../pipeline/contract/registry.ts';
import type { GroupState } from './core/group-state.ts';

export interface BookEntry {
  readonly asset: Asset;
  /** The edition that brought it. */
  readonly edition: number;
}

/** Inventory by GPU UUID, as people keep it, with enough of its past that a replay sees what the first run saw. */
export interface AssetBook {
  /** Number of the newest change that counts for what the server stored at this instant (epoch ms); 0 while none does. */
  edition(arrivedAt: number): number;
  /** The entry of a GPU as of an edition. */
  get(gpuUuid: string, edition: number): BookEntry | undefined;
}

export interface EnrichPorts {
  readonly rows: Batch;
  /** An asset on first sight and whenever the labels or the book tell something new of it. */
  readonly assets: Asset;
}

const STATE = {
  registered_at: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  seen_revision: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  seen_book: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  seen_entry: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  seen_at: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
} as const;

/** A board that was away for longer may have been elsewhere: its asset is told again. */
const AWAY_MS = 600_000;

/**
 * Joins samples with inventory.
 *
 * Input    validated rows.
 * Output   rows: as they came; assets: what is known of a board, from the book where it has an entry, else from labels. The
 *          asset's `ts` stays what it was on first sight, so that any later change rewrites the same row.
 * Time     no timers. A change of the book counts for rows that the server stored after it (`arrived_at`), so that a replay
 *          applies it at the same row. An asset without an entry, or with one that has no time, is registered at its first row.
 * State    28 B per GPU.
 * Cost     O(1) per row: four comparisons unless something changed, one look-up per GPU and edition.
 * Errors   none.
 */
export const enrich = (book: AssetBook): Operator<typeof STATE, EnrichPorts> => ({
  name: 'enrich',
  summary: 'joins inventory; registers what it sees first',
  state: STATE,
  ports: ['rows', 'assets'],
  onBatch(batch, state, emit) {
    const { registry } = batch;
    for (let row = 0; row < batch.rows; row++) {
      const gpu = batch.gpu[row] as number;
      const revision = registry.gpuRevisions[gpu] as number;
      const edition = book.edition(batch.arrived_at[row] as number);
      const ts = batch.ts[row] as number;
      const seen_at = state.seen_at[gpu] as number;
      const back = ts - seen_at > AWAY_MS;
      if (ts > seen_at) state.seen_at[gpu] = ts;
      if (!back && state.seen_revision[gpu] === revision && state.seen_book[gpu] === edition) continue;
      const identity = registry.gpus[gpu] as GpuIdentity;
      const entry = edition === 0 ? undefined : book.get(identity.uuid, edition);
      const told = entry?.edition ?? 0;
      const news = back || state.seen_revision[gpu] !== revision || state.seen_entry[gpu] !== told;
      state.seen_revision[gpu] = revision;
      state.seen_book[gpu] = edition;
      state.seen_entry[gpu] = told;
      if (!news) continue;
      const fresh = state.registered_at[gpu] === 0;
      const kin = fresh || identity.instance !== '' ? kinOf(registry.gpus, state.registered_at, gpu) : null;
      // An entry that nobody has dated has 0.
      if (fresh) state.registered_at[gpu] = entry?.asset.ts || (kin?.registered_at ?? ts);
      // An instance is a slice of a board; once the board itself was seen, only that one tells.
      if (identity.instance !== '' && kin?.board) continue;
      const node = registry.nodes[registry.gpuNodes[gpu] as number] as string;
      emit('assets', assetOf(identity, node, state.registered_at[gpu] as number, entry?.asset), row);
    }
    emit('rows', batch);
  },
});

/**
 * The board and the other instances of a GPU that had a row before: they share one asset, and so its key. Null when there is
 * none. Cost: a pass over the group, once a GPU, and for instances at every change.
 */
function kinOf(
  gpus: readonly GpuIdentity[],
  registered_at: Float64Array,
  gpu: number,
): { readonly registered_at: number; readonly board: boolean } | null {
  const { uuid } = gpus[gpu] as GpuIdentity;
  let earliest = 0;
  let board = false;
  for (let i = 0; i < gpus.length; i++) {
    const first = registered_at[i] as number;
    if (i === gpu || first === 0 || gpus[i]?.uuid !== uuid) continue;
    earliest = earliest === 0 ? first : Math.min(earliest, first);
    board ||= gpus[i]?.instance === '';
  }
  return earliest === 0 ? null : { registered_at: earliest, board };
}

/** What a group has seen of a board, or of an instance of one. */
export interface SeenAsset {
  readonly asset: Asset;
  /** Event time of its newest row. */
  readonly seen_at: number;
}

/**
 * What enrich would tell of a GPU of this group at its next row, for one that may never send another. `step` is the id of
 * the enrich step, `gpu` the dense index; null before its first row.
 */
export function silentAsset(group: GroupState, step: string, gpu: number, known: Asset): SeenAsset | null {
  const { registry } = group;
  const { registered_at, seen_at } = group.columns(step, STATE);
  const first = registered_at[gpu] ?? 0;
  const identity = registry.gpus[gpu];
  if (identity === undefined || first === 0) return null;
  const asset = assetOf(identity, registry.nodes[registry.gpuNodes[gpu] as number] as string, first, known);
  return { asset, seen_at: seen_at[gpu] as number };
}

function assetOf(identity: GpuIdentity, node: string, ts: number, known: Asset | undefined): Asset {
  return {
    ts,
    gpu_uuid: identity.uuid,
    node,
    model: identity.model || known?.model || '',
    serial: identity.serial || known?.serial || '',
    pci_bus_id: identity.pci_bus_id || known?.pci_bus_id || '',
    cluster: known?.cluster ?? '',
    rack: known?.rack ?? '',
    slot: known?.slot || identity.slot,
    owner: known?.owner ?? '',
    tenant: known?.tenant ?? '',
    deployed_at: known?.deployed_at ?? null,
    warranty_until: known?.warranty_until ?? null,
    purchase_price: known?.purchase_price ?? null,
    operating_hours: known?.operating_hours ?? null,
    registered_at: known?.registered_at || ts,
    status: known?.status || 'active',
    note: known?.note ?? '',
    retired_at: known?.retired_at ?? null,
  };
}
