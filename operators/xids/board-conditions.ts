import { METRIC_COUNT, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { Operator } from '../../pipeline/contract/operator.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { RESET_STATE, seesReset } from './reset-sign.ts';

/** What decides on recovery besides XIDs, told whenever it changes. */
export interface BoardCondition {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  /** Field 1523: 0 none, 1 GPU reset, 2 reboot, 3 drain P2P, 4 drain and reset. */
  readonly recovery_action: number;
  readonly remap_pending: boolean;
  readonly remap_failed: boolean;
  /** True in the row that shows that the GPU was reset, its driver reloaded or its host rebooted since the row before. */
  readonly reset: boolean;
}

export interface BoardConditionPorts {
  readonly conditions: BoardCondition;
}

const RECOVERY_ACTION = metricIndex('recovery_action');
const REMAP_PENDING = metricIndex('row_remap_pending');
const REMAP_FAILED = metricIndex('row_remap_failed');

const STATE = {
  ...RESET_STATE,
  last_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  /** Recovery action in the low bits, then one bit for a pending and one for a failed remap. */
  known: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
} as const;

/** As for XIDs. */
const RETURN_MS = minutes(15);
const ACTION_BITS = 0b11111;
const PENDING_BIT = 0b100000;
const FAILED_BIT = 0b1000000;

/**
 * Tells resets, and changes of what the driver asks for and of the row remapper.
 *
 * Input    enriched rows; a missing reading leaves what is known, a reset that of the driver's request and of a pending remap; rows not newer than the GPU's last one are skipped.
 * Output   conditions: one per change, at the row that shows it; the first one only if there is anything to tell.
 * Time     event time; no timers.
 * State    21 B per GPU.
 * Cost     O(1) per row, no allocation unless it emits. Errors: none.
 */
export const boardConditions = (): Operator<typeof STATE, BoardConditionPorts> => ({
  name: 'board_conditions',
  summary: 'resets, the recovery action that the driver asks for, and the row remapper',
  state: STATE,
  ports: ['conditions'],
  onBatch(batch, state, emit) {
    const { values } = batch;
    for (let row = 0; row < batch.rows; row++) {
      const gpu = batch.gpu[row] as number;
      const ts = batch.ts[row] as number;
      if (ts <= (state.last_ts[gpu] as number)) continue;
      const { uuid, instance } = batch.registry.gpus[gpu] as GpuIdentity;
      // An instance that comes back shows what became of its board meanwhile, which its others have told.
      const returned = instance !== '' && ts - (state.last_ts[gpu] as number) > RETURN_MS;
      state.last_ts[gpu] = ts;
      const reset = seesReset(batch, row, state) && !returned;
      const from = row * METRIC_COUNT;
      const action = values[from + RECOVERY_ACTION] as number;
      const pending = values[from + REMAP_PENDING] as number;
      const failed = values[from + REMAP_FAILED] as number;
      const before = state.known[gpu] as number;
      // A reset is what was asked for; what still is, the row says.
      let known = reset ? before & FAILED_BIT : before;
      if (!Number.isNaN(action)) known = (known & ~ACTION_BITS) | (action & ACTION_BITS);
      if (!Number.isNaN(pending)) known = pending > 0 ? known | PENDING_BIT : known & ~PENDING_BIT;
      if (!Number.isNaN(failed)) known = failed > 0 ? known | FAILED_BIT : known & ~FAILED_BIT;
      if (!reset && known === before) continue;
      state.known[gpu] = known;
      const condition: BoardCondition = {
        ts,
        gpu_uuid: uuid,
        node: batch.registry.nodes[batch.node[row] as number] as string,
        instance,
        recovery_action: known & ACTION_BITS,
        remap_pending: (known & PENDING_BIT) !== 0,
        remap_failed: (known & FAILED_BIT) !== 0,
        reset,
      };
      emit('conditions', condition, row);
    }
  },
});
