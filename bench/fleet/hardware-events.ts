import { add, type FleetState } from './state.ts';
import type { HardwareEvent } from './stories/story-kind.ts';

/** What an event leaves behind in one GPU. */
export function applyEvent(state: FleetState, gpu: number, what: HardwareEvent['what']): void {
  switch (what.type) {
    case 'xid':
      state.xid[gpu] = what.code;
      break;
    case 'dbe':
      add(state.dbe_volatile, gpu, what.count);
      add(state.dbe_aggregate, gpu, what.count);
      break;
    case 'remap_pending':
      state.remap_pending[gpu] = 1;
      break;
    case 'remap_failed':
      state.remap_failed[gpu] = 1;
      break;
    case 'retire':
      add(state.retired_sbe, gpu, what.sbe);
      add(state.retired_dbe, gpu, what.dbe);
      state.retired_pending[gpu] = (state.retired_pending[gpu] as number) + what.sbe + what.dbe;
      break;
    case 'recovery':
      state.recovery[gpu] = what.action;
      break;
    case 'repair':
      state.remap_failed[gpu] = 0;
      reset(state, gpu);
      break;
    case 'reset':
      reset(state, gpu);
      break;
    case 'replace':
      state.remap_failed[gpu] = 0;
      reset(state, gpu);
      for (const counter of [
        state.sbe_aggregate,
        state.dbe_aggregate,
        state.retired_sbe,
        state.retired_dbe,
        state.remapped_uncorrectable,
        state.remapped_correctable,
      ]) {
        counter[gpu] = 0;
      }
      break;
  }
}

function reset(state: FleetState, gpu: number): void {
  if (state.remap_pending[gpu] === 1) add(state.remapped_uncorrectable, gpu, 1);
  state.remap_pending[gpu] = 0;
  state.retired_pending[gpu] = 0;
  state.recovery[gpu] = 0;
  state.xid[gpu] = 0;
  for (const counter of [
    state.energy_mj,
    state.sbe_volatile,
    state.dbe_volatile,
    state.power_violation_ns,
    state.thermal_violation_ns,
    state.board_violation_ns,
    state.replays,
    state.crc_flit,
    state.crc_data,
    state.link_replays,
    state.link_recoveries,
  ]) {
    counter[gpu] = 0;
  }
}
