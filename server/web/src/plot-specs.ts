import type { MetricName } from '../../../pipeline/contract/metrics.ts';

export interface PlotLine {
  readonly metric: MetricName;
  readonly label: string;
  readonly dashed?: true;
}

export interface PlotSpec {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** Readings are multiplied by this for the plot. */
  readonly factor: number;
  readonly digits: number;
  /** Ends of the scale; null follows the readings. */
  readonly range: readonly [number | null, number | null];
  readonly lines: readonly PlotLine[];
}

/** The plots of a GPU; a line without readings is left out. */
export const PLOTS: readonly PlotSpec[] = [
  {
    id: 'temperature',
    title: 'Temperature',
    unit: '°C',
    factor: 1,
    digits: 0,
    range: [null, null],
    lines: [
      { metric: 'gpu_temp_celsius', label: 'GPU' },
      { metric: 'memory_temp_celsius', label: 'memory' },
    ],
  },
  {
    id: 'power',
    title: 'Power',
    unit: 'W',
    factor: 1,
    digits: 0,
    range: [0, null],
    lines: [
      { metric: 'power_watts', label: 'draw' },
      { metric: 'power_limit_watts', label: 'limit', dashed: true },
    ],
  },
  {
    id: 'activity',
    title: 'Activity',
    unit: '%',
    factor: 100,
    digits: 0,
    range: [0, 100],
    lines: [
      { metric: 'gpu_util_ratio', label: 'busy' },
      { metric: 'sm_active_ratio', label: 'SM' },
      { metric: 'tensor_active_ratio', label: 'tensor' },
      { metric: 'dram_active_ratio', label: 'DRAM' },
    ],
  },
  {
    id: 'clocks',
    title: 'Clocks',
    unit: 'MHz',
    factor: 1,
    digits: 0,
    range: [0, null],
    lines: [
      { metric: 'sm_clock_mhz', label: 'SM' },
      { metric: 'memory_clock_mhz', label: 'memory' },
    ],
  },
  {
    id: 'framebuffer',
    title: 'Framebuffer',
    unit: 'GiB',
    factor: 1 / 1_073_741_824,
    digits: 1,
    range: [0, null],
    lines: [
      { metric: 'fb_used_bytes', label: 'used' },
      { metric: 'fb_free_bytes', label: 'free' },
    ],
  },
  {
    id: 'links',
    title: 'Links',
    unit: 'GB/s',
    factor: 1e-9,
    digits: 1,
    range: [0, null],
    lines: [
      { metric: 'pcie_tx_bytes_per_second', label: 'PCIe out' },
      { metric: 'pcie_rx_bytes_per_second', label: 'PCIe in' },
      { metric: 'nvlink_tx_bytes_per_second', label: 'NVLink out' },
      { metric: 'nvlink_rx_bytes_per_second', label: 'NVLink in' },
    ],
  },
];

export const PLOTTED: readonly MetricName[] = PLOTS.flatMap(({ lines }) => lines.map(({ metric }) => metric));
