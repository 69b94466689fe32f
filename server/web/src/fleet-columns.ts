import type { FleetGpu } from './fleet-gpu.ts';
import { decimal, percent } from './format-value.ts';
import { money } from './money-text.ts';
import { chance } from './prediction-text.ts';

export interface FleetColumn {
  readonly id: string;
  readonly label: string;
  readonly number: boolean;
  readonly text: (gpu: FleetGpu) => string;
  readonly key: (gpu: FleetGpu) => string | number | null;
  /** The end that one looks for first is the lowest. */
  readonly lowest_first?: boolean;
}

const natural = new Intl.Collator('en', { numeric: true });
const RANK = { info: 1, warning: 2, critical: 3 } as const;
const GIB = 1_073_741_824;

const number = (
  id: string,
  label: string,
  key: (gpu: FleetGpu) => number | null,
  text: (value: number) => string,
): FleetColumn => ({
  id,
  label,
  number: true,
  key,
  text: (gpu) => {
    const value = key(gpu);
    return value === null ? 'n/a' : text(value);
  },
});

export const COLUMNS: readonly FleetColumn[] = [
  {
    id: 'gpu',
    label: 'GPU',
    number: false,
    key: (gpu) => `${gpu.node} ${gpu.slot}`,
    text: (gpu) => `${gpu.node} · ${gpu.slot === '' ? gpu.gpu_uuid.slice(0, 12) : gpu.slot}`,
  },
  {
    id: 'state',
    label: 'State',
    number: false,
    key: (gpu) => (gpu.stale_since !== null ? 4 : gpu.worst === null ? 0 : RANK[gpu.worst]),
    text: (gpu) => (gpu.stale_since !== null ? 'stale' : (gpu.worst ?? 'no anomaly')),
  },
  {
    id: 'health',
    label: 'Health',
    number: true,
    lowest_first: true,
    key: (gpu) => gpu.health?.score ?? null,
    text: ({ health }) => (health?.score == null ? 'unknown' : `${health.grade} ${decimal(health.score, 1)}`),
  },
  { id: 'model', label: 'Model', number: false, key: (gpu) => gpu.model, text: (gpu) => gpu.model || 'unknown' },
  number(
    'temperature',
    'GPU °C',
    (gpu) => gpu.gpu_temp_celsius,
    (value) => decimal(value, 0),
  ),
  number(
    'memory-temperature',
    'Memory °C',
    (gpu) => gpu.memory_temp_celsius,
    (value) => decimal(value, 0),
  ),
  number(
    'power',
    'Power W',
    (gpu) => gpu.power_watts,
    (value) => decimal(value, 0),
  ),
  number('utilisation', 'Utilisation %', (gpu) => gpu.util_ratio, percent),
  number(
    'framebuffer',
    'Used GiB',
    (gpu) => gpu.fb_used_bytes,
    (value) => decimal(value / GIB, 1),
  ),
  number(
    'clock',
    'SM MHz',
    (gpu) => gpu.sm_clock_mhz,
    (value) => decimal(value, 0),
  ),
  number('risk', 'Risk, 30 days', (gpu) => gpu.p30, chance),
  number('cost', 'At risk $/h', (gpu) => gpu.risk?.usd_per_hour ?? null, money),
];

/** Sorted by a column, `-` in front for descending; what is not known comes last both ways; otherwise as given. */
export function sortGpus(gpus: readonly FleetGpu[], sort: string): readonly FleetGpu[] {
  const descending = sort.startsWith('-');
  const column = COLUMNS.find(({ id }) => id === sort.replace(/^-/, ''));
  if (column === undefined) return gpus;
  const way = descending ? -1 : 1;
  const keyed = gpus.map((gpu) => ({ gpu, key: column.key(gpu) }));
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null);
    if (typeof a.key === 'number' && typeof b.key === 'number') return (a.key - b.key) * way;
    return natural.compare(String(a.key), String(b.key)) * way;
  });
  return keyed.map(({ gpu }) => gpu);
}
