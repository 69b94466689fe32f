/** Bits of `FleetState.flags`: what the stories do to the readings of a GPU. */
export const FLAG = { vanished: 1, hung: 2, prof_zero: 4, temp_stuck: 8, util_garbage: 16 } as const;

/** Everything that a fleet remembers of its GPUs, one typed array a quantity: about 300 bytes a GPU. */
export interface FleetState {
  readonly die_c: Float64Array;
  readonly hbm_c: Float64Array;
  readonly watts: Float64Array;
  readonly limit_watts: Float64Array;
  readonly energy_mj: Float64Array;
  readonly clock_mhz: Float64Array;
  readonly throttle: Uint16Array;
  readonly flags: Uint16Array;
  readonly stuck_c: Float64Array;
  readonly sm: Float32Array;
  readonly occupancy: Float32Array;
  readonly tensor: Float32Array;
  readonly dram: Float32Array;
  readonly util: Float32Array;
  readonly encoder: Float32Array;
  readonly decoder: Float32Array;
  readonly memory_share: Float32Array;
  readonly nvlink_bps: Float64Array;
  readonly pcie_tx_bps: Float64Array;
  readonly pcie_rx_bps: Float64Array;
  readonly pcie_gen: Uint8Array;
  readonly pcie_width: Uint8Array;
  readonly sbe_volatile: Float64Array;
  readonly sbe_aggregate: Float64Array;
  readonly dbe_volatile: Float64Array;
  readonly dbe_aggregate: Float64Array;
  readonly retired_sbe: Float64Array;
  readonly retired_dbe: Float64Array;
  readonly retired_pending: Uint16Array;
  readonly remapped_uncorrectable: Float64Array;
  readonly remapped_correctable: Float64Array;
  readonly remap_pending: Uint8Array;
  readonly remap_failed: Uint8Array;
  readonly recovery: Uint8Array;
  readonly xid: Uint16Array;
  readonly power_violation_ns: Float64Array;
  readonly thermal_violation_ns: Float64Array;
  readonly board_violation_ns: Float64Array;
  readonly replays: Float64Array;
  readonly crc_flit: Float64Array;
  readonly crc_data: Float64Array;
  readonly link_replays: Float64Array;
  readonly link_recoveries: Float64Array;
}

export function createState(gpus: number): FleetState {
  const f64 = () => new Float64Array(gpus);
  const f32 = () => new Float32Array(gpus);
  const u16 = () => new Uint16Array(gpus);
  const u8 = () => new Uint8Array(gpus);
  return {
    die_c: f64(),
    hbm_c: f64(),
    watts: f64(),
    limit_watts: f64(),
    energy_mj: f64(),
    clock_mhz: f64(),
    throttle: u16(),
    flags: u16(),
    stuck_c: f64().fill(Number.NaN),
    sm: f32(),
    occupancy: f32(),
    tensor: f32(),
    dram: f32(),
    util: f32(),
    encoder: f32(),
    decoder: f32(),
    memory_share: f32(),
    nvlink_bps: f64(),
    pcie_tx_bps: f64(),
    pcie_rx_bps: f64(),
    pcie_gen: u8(),
    pcie_width: u8(),
    sbe_volatile: f64(),
    sbe_aggregate: f64(),
    dbe_volatile: f64(),
    dbe_aggregate: f64(),
    retired_sbe: f64(),
    retired_dbe: f64(),
    retired_pending: u16(),
    remapped_uncorrectable: f64(),
    remapped_correctable: f64(),
    remap_pending: u8(),
    remap_failed: u8(),
    recovery: u8(),
    xid: u16(),
    power_violation_ns: f64(),
    thermal_violation_ns: f64(),
    board_violation_ns: f64(),
    replays: f64(),
    crc_flit: f64(),
    crc_data: f64(),
    link_replays: f64(),
    link_recoveries: f64(),
  };
}

/** `array[i] += amount`. */
export function add(array: Float64Array, i: number, amount: number): void {
  if (amount !== 0) array[i] = (array[i] as number) + amount;
}
