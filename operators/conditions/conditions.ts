import { METRIC_COUNT, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { Operator } from '../../pipeline/contract/operator.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { isBoardVoice } from '../core/board-voice.ts';
import { type ConditionsOptions, conditionLimits } from './condition-limits.ts';
import { CONDITIONS, conditionBit } from './condition-table.ts';
import { correctedErrorRate, correctedErrorTotal, uncorrectableErrors } from './ecc-errors.ts';
import { energyMismatch } from './energy-mismatch.ts';
import { fieldVanished } from './field-vanished.ts';
import { framebufferStuck, heldIdle } from './idle-gpu.ts';
import { forgetEvidence } from './ledger.ts';
import { profZero, tempStuck } from './lying-sensors.ts';
import { nvlinkErrors } from './nvlink-errors.ts';
import { pcieDowntrained, pcieReplays } from './pcie-link.ts';
import { powerLimitLowered } from './power-limit.ts';
import { slotBit } from './rate-slots.ts';
import { noteCounters, rollSlots } from './rate-window.ts';
import { recoveryAction } from './recovery-action.ts';
import { retiredPages } from './retired-pages.ts';
import { rowRemap } from './row-remap.ts';
import { CONDITIONS_STATE, type ConditionsPorts, reading, type Scene } from './scene.ts';
import { startAnew } from './start-anew.ts';
import { thermalMargin } from './thermal-margin.ts';
import { throttling } from './throttling.ts';
import { violations } from './violations.ts';

const MASK = metricIndex('throttle_reasons');
const BOARD_BITS = CONDITIONS.reduce((bits, { board }, c) => (board ? bits | (1 << c) : bits), 0);

/** Board readings repeat on every MIG instance. Another row of the board counts as there when it came within this. */
const PRESENT_MS = minutes(10);
const JUDGED = 1;
const SILENT = 2;

/** What counted errors feed, apart from the time that a healthy GPU at its power limit counts all day. */
const ERROR_SLOTS = slotBit(
  'ecc_sbe_volatile_total',
  'ecc_sbe_aggregate_total',
  'sbe_slow',
  'ecc_dbe_volatile_total',
  'ecc_dbe_aggregate_total',
  'pcie_replay_total',
  'nvlink_crc_flit_errors_total',
  'nvlink_crc_data_errors_total',
  'nvlink_replay_errors_total',
  'nvlink_recovery_errors_total',
);
const ERROR_BITS =
  conditionBit('ecc_sbe_rate') |
  conditionBit('ecc_dbe') |
  conditionBit('pcie_replay_rate') |
  conditionBit('nvlink_crc') |
  conditionBit('nvlink_recovery');

/**
 * Faults with known limits, one condition each (condition-table.ts), judged row by row in one pass.
 *
 * Input    enriched rows; rows not newer than the GPU's last one are ignored. Missing readings are neither good nor bad.
 * Output   anomalies: one when a condition opens, one more (same id and ts) when its severity rises and when it closes.
 * Time     event time; rates and durations hold for any cadence from 100 ms to 2 min; no timers.
 * State    2,725 B per GPU, declared in scene.ts; a batch in order of GPUs reads it in order too.
 * Cost     about 60 readings a row, 0.2 us where nothing is wrong, 0.36 us under a power cap; allocates only what it tells.
 * Errors   GV-CFG-001 for options that name no condition or are no numbers.
 * Source   DCGM's health watches (PCIe replays, NVLink CRC, retired pages, remapped rows), NVSentinel's ADR-042 (thermal
 *          margins), gpud (hardware slowdown), Azure's node checks (corrected errors).
 */
export const conditions = (options: ConditionsOptions): Operator<typeof CONDITIONS_STATE, ConditionsPorts> => {
  const limits = conditionLimits(options);
  let scene: Scene | null = null;
  return {
    name: 'conditions',
    summary: 'faults with known limits: memory, links, heat, power, sensors, idle holders',
    state: CONDITIONS_STATE,
    ports: ['anomalies'],
    onBatch(batch, state, emit) {
      const { values } = batch;
      scene ??= {
        batch,
        state,
        emit,
        limits,
        values,
        row: 0,
        from: 0,
        gpu: 0,
        ts: 0,
        previous_ts: 0,
        fell: 0,
        detail: '',
        began: 0,
        again: true,
      };
      scene.batch = batch;
      scene.state = state;
      scene.emit = emit;
      scene.values = values;
      for (let row = 0; row < batch.rows; row++) {
        const gpu = batch.gpu[row] as number;
        const ts = batch.ts[row] as number;
        const last = state.last_ts[gpu] as number;
        if (ts <= last) continue;
        state.last_ts[gpu] = ts;
        scene.row = row;
        scene.from = row * METRIC_COUNT;
        scene.gpu = gpu;
        scene.ts = ts;
        scene.previous_ts = last === 0 ? ts : last;
        judgeRow(scene);
      }
    },
  };
};

function judgeRow(scene: Scene): void {
  const { state, gpu } = scene;
  if (state.alive[gpu] !== 0) forgetEvidence(scene);
  heldIdle(scene);
  // An instance that no longer speaks for its board still ends what it began.
  const begun = ((state.alive[gpu] as number) & BOARD_BITS) !== 0;
  if (!begun && !isBoardVoice(scene.batch.registry, gpu, scene.ts - PRESENT_MS, state.last_ts)) {
    state.role[gpu] = SILENT;
    return;
  }
  if (state.role[gpu] === SILENT) startAnew(state, gpu);
  state.role[gpu] = JUDGED;
  noteCounters(scene);
  correctedErrorTotal(scene);
  rowRemap(scene);
  retiredPages(scene);
  pcieDowntrained(scene);
  thermalMargin(scene);
  throttling(scene);
  const active = state.active[gpu] as number;
  const alive = state.alive[gpu] as number;
  if ((active | alive) !== 0) {
    if (((active & ERROR_SLOTS) | (alive & ERROR_BITS)) !== 0) {
      correctedErrorRate(scene);
      uncorrectableErrors(scene);
      pcieReplays(scene);
      nvlinkErrors(scene);
    }
    violations(scene);
    const mask = reading(scene, MASK);
    rollSlots(scene, Number.isNaN(mask));
  }
  recoveryAction(scene);
  energyMismatch(scene);
  powerLimitLowered(scene);
  profZero(scene);
  tempStuck(scene);
  framebufferStuck(scene);
  fieldVanished(scene);
}
