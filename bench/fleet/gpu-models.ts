/** What a board of one model is and can do: data sheets, nvidia-smi -q, and public captures of idle and loaded boards. */
export interface GpuModel {
  readonly name: string;
  /** Short form in node names. */
  readonly slug: string;
  readonly power_limit_watts: number;
  /** No process / a process that does nothing / what full work adds at boost clock. */
  readonly idle_watts: number;
  readonly held_watts: number;
  readonly work_watts: number;
  /** Where a capped board settles around its limit, as a ratio, and how far it strays. */
  readonly cap_centre: number;
  readonly cap_spread: number;
  readonly idle_clock_mhz: number;
  readonly boost_clock_mhz: number;
  readonly memory_clock_mhz: number;
  readonly idle_memory_clock_mhz: number;
  readonly memory_mib: number;
  readonly reserved_mib: number;
  /** Die above inlet: rise_c + resistance x watts; reached with the time constant. */
  readonly rise_c: number;
  readonly resistance_c_per_watt: number;
  readonly thermal_time_s: number;
  /** HBM above inlet, likewise; null where the board has no such sensor. */
  readonly hbm: { readonly rise_c: number; readonly resistance_c_per_watt: number; readonly time_s: number } | null;
  /** Software slowdown begins, hardware slowdown begins. */
  readonly slowdown_c: number;
  readonly hardware_slowdown_c: number;
  /** Whether field 153 is served: older boards only know absolute thresholds. */
  readonly has_margin: boolean;
  readonly pcie_gen: number;
  readonly pcie_width: number;
  /** PCIe cards train down to Gen1 when idle; SXM boards do not. */
  readonly pcie_idle_gen: number;
  readonly nvlink_bytes_per_second: number;
  readonly nvlinks: number;
}

// biome-ignore format: a table
export const GPU_MODELS = {
  h100: { name: 'NVIDIA H100 80GB HBM3', slug: 'h100', power_limit_watts: 700, idle_watts: 69, held_watts: 118, work_watts: 763, cap_centre: 0.984, cap_spread: 0.009, idle_clock_mhz: 345, boost_clock_mhz: 1980, memory_clock_mhz: 2619, idle_memory_clock_mhz: 2619, memory_mib: 81_559, reserved_mib: 552, rise_c: 4, resistance_c_per_watt: 0.056, thermal_time_s: 32, hbm: { rise_c: 11, resistance_c_per_watt: 0.062, time_s: 75 }, slowdown_c: 87, hardware_slowdown_c: 91, has_margin: true, pcie_gen: 5, pcie_width: 16, pcie_idle_gen: 5, nvlink_bytes_per_second: 450e9, nvlinks: 18 },
  h200: { name: 'NVIDIA H200', slug: 'h200', power_limit_watts: 700, idle_watts: 76, held_watts: 124, work_watts: 740, cap_centre: 0.985, cap_spread: 0.009, idle_clock_mhz: 345, boost_clock_mhz: 1980, memory_clock_mhz: 3201, idle_memory_clock_mhz: 3201, memory_mib: 143_771, reserved_mib: 604, rise_c: 4, resistance_c_per_watt: 0.054, thermal_time_s: 32, hbm: { rise_c: 12, resistance_c_per_watt: 0.063, time_s: 75 }, slowdown_c: 87, hardware_slowdown_c: 91, has_margin: true, pcie_gen: 5, pcie_width: 16, pcie_idle_gen: 5, nvlink_bytes_per_second: 450e9, nvlinks: 18 },
  a100: { name: 'NVIDIA A100-SXM4-80GB', slug: 'a100', power_limit_watts: 400, idle_watts: 61, held_watts: 92, work_watts: 362, cap_centre: 1.0, cap_spread: 0.03, idle_clock_mhz: 210, boost_clock_mhz: 1410, memory_clock_mhz: 1593, idle_memory_clock_mhz: 1593, memory_mib: 81_920, reserved_mib: 857, rise_c: 3, resistance_c_per_watt: 0.092, thermal_time_s: 40, hbm: { rise_c: 16, resistance_c_per_watt: 0.07, time_s: 80 }, slowdown_c: 85, hardware_slowdown_c: 89, has_margin: false, pcie_gen: 4, pcie_width: 16, pcie_idle_gen: 4, nvlink_bytes_per_second: 300e9, nvlinks: 12 },
  l4: { name: 'NVIDIA L4', slug: 'l4', power_limit_watts: 72, idle_watts: 16.2, held_watts: 28, work_watts: 58, cap_centre: 0.99, cap_spread: 0.008, idle_clock_mhz: 210, boost_clock_mhz: 2040, memory_clock_mhz: 6251, idle_memory_clock_mhz: 405, memory_mib: 23_034, reserved_mib: 471, rise_c: 5, resistance_c_per_watt: 0.5, thermal_time_s: 110, hbm: null, slowdown_c: 83, hardware_slowdown_c: 88, has_margin: true, pcie_gen: 4, pcie_width: 16, pcie_idle_gen: 1, nvlink_bytes_per_second: 0, nvlinks: 0 },
} as const satisfies Record<string, GpuModel>;

export type GpuModelKey = keyof typeof GPU_MODELS;
