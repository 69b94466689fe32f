/** What was measured, each with where it stands; two shared cores of an AMD EPYC, so these are low. */
export const MEASURED = {
  engine_rows_per_core: {
    value: 109_957,
    from: 'README, Measured: engine alone, all steps, every 10 s, one core',
  },
  chain_rows: { value: 73_267, from: 'README, Measured: publisher to readable in QuestDB, whole system, two cores' },
  collector_mib_of_20000_gpus: { value: 833.3, from: 'deploy/reference/soak.md: own memory of the collector' },
  scrape_us: { value: 737, from: 'README, Measured: a scrape of 8 GPUs, CPU of the collector' },
  questdb_us_per_row: { value: 15.4, from: "README, Measured: QuestDB's CPU with its rollups" },
  state_bytes_per_gpu: { value: 34_348, from: 'README, Measured: state of all steps' },
  prediction_us: { value: 195, from: 'README, Measured: a prediction with its reasons' },
  decision_us: { value: 360, from: 'README, Measured: what would flip a decision' },
  message_bytes: { value: 2_390, from: 'pipeline/bus/ensure-streams.ts: a scrape of 8 GPUs' },
  stored_bytes: { value: 2_500, from: 'pipeline/bus/ensure-streams.ts: the same on disk, not compressed' },
  store_us: { value: 17, from: 'pipeline/bus/ensure-streams.ts: to store a message' },
  deliver_us: { value: 6, from: 'pipeline/bus/ensure-streams.ts: to deliver it' },
} as const;

export interface FleetInputs {
  readonly gpus: number;
  readonly interval_s: number;
  readonly gpus_per_node: number;
  /** Length of an exporter's page, bytes a GPU. */
  readonly page_bytes_per_gpu: number;
  readonly stream_hours: number;
  readonly replicas: number;
  /** Row of gpu_metrics in Parquet, and before it is that old; bytes. */
  readonly row_bytes_cold: number;
  readonly row_bytes_hot: number;
  readonly hot_days: number;
  readonly kept_days: number;
  /** Share of a core that plans may use. */
  readonly load_max: number;
  readonly usd_core_hour: number;
  readonly usd_gib_hour: number;
  readonly usd_disk_gib_month: number;
}

/** Assumptions that nobody measured here are named in deploy/SCALE.md. */
export const MILLION: FleetInputs = {
  gpus: 1_000_000,
  interval_s: 10,
  gpus_per_node: 8,
  page_bytes_per_gpu: 10_000,
  stream_hours: 24,
  replicas: 3,
  row_bytes_cold: 60,
  row_bytes_hot: 320,
  hot_days: 7,
  kept_days: 90,
  load_max: 0.5,
  usd_core_hour: 0.04,
  usd_gib_hour: 0.005,
  usd_disk_gib_month: 0.08,
};

export interface PlanRow {
  readonly part: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly disk_gib: number;
  /** Of all its machines together, in and out. */
  readonly network_gbit: number;
}

export interface Plan {
  readonly rows_per_s: number;
  readonly messages_per_s: number;
  readonly parts: readonly PlanRow[];
  readonly total: PlanRow;
  readonly usd_month: number;
}

const GIB = 1_024 ** 3;
const HOURS_A_MONTH = 730;
const gbit = (bytes_per_s: number): number => (bytes_per_s * 8) / 1e9;

/** Cores, memory, disk, network and cost of a fleet, from the measured figures; a part's cores are at most `load_max` busy. */
export function planFleet(fleet: FleetInputs): Plan {
  const rows_per_s = fleet.gpus / fleet.interval_s;
  const messages_per_s = rows_per_s / fleet.gpus_per_node;
  const us = (per_s: number, each: number): number => (per_s * each) / 1e6 / fleet.load_max;
  const wire = messages_per_s * MEASURED.message_bytes.value * (fleet.gpus_per_node / 8);
  const pages = rows_per_s * fleet.page_bytes_per_gpu;
  const features =
    us(fleet.gpus / 300, MEASURED.prediction_us.value) + us(fleet.gpus / 1_800, MEASURED.decision_us.value);
  const day_rows = rows_per_s * 86_400;
  const parts: PlanRow[] = [
    {
      part: 'collectors',
      cores: us(rows_per_s / 8, MEASURED.scrape_us.value),
      memory_gib: ((fleet.gpus / 20_000) * MEASURED.collector_mib_of_20000_gpus.value) / 1_024,
      disk_gib: (wire * 600) / GIB,
      network_gbit: gbit(pages + wire),
    },
    {
      part: 'NATS',
      cores: us(messages_per_s, fleet.replicas * MEASURED.store_us.value + MEASURED.deliver_us.value),
      memory_gib: fleet.replicas * 4,
      disk_gib: (messages_per_s * MEASURED.stored_bytes.value * 3_600 * fleet.stream_hours * fleet.replicas) / GIB,
      network_gbit: gbit(wire * (fleet.replicas + 1)),
    },
    {
      part: 'workers',
      cores: rows_per_s / MEASURED.engine_rows_per_core.value / fleet.load_max + features,
      // The state, its copy while it is snapshotted, and as much again for batches and garbage.
      memory_gib: (3 * fleet.gpus * MEASURED.state_bytes_per_gpu.value) / GIB,
      disk_gib: (2 * fleet.gpus * MEASURED.state_bytes_per_gpu.value) / GIB,
      network_gbit: gbit(wire + rows_per_s * fleet.row_bytes_hot),
    },
    {
      part: 'QuestDB',
      cores: us(rows_per_s, MEASURED.questdb_us_per_row.value),
      memory_gib: (us(rows_per_s, MEASURED.questdb_us_per_row.value) * 8) / 1,
      disk_gib:
        (day_rows *
          (fleet.hot_days * fleet.row_bytes_hot + (fleet.kept_days - fleet.hot_days) * fleet.row_bytes_cold)) /
        GIB,
      network_gbit: gbit(rows_per_s * fleet.row_bytes_hot),
    },
  ];
  const sum = (pick: (row: PlanRow) => number): number => parts.reduce((total, row) => total + pick(row), 0);
  const total: PlanRow = {
    part: 'all',
    cores: sum((row) => row.cores),
    memory_gib: sum((row) => row.memory_gib),
    disk_gib: sum((row) => row.disk_gib),
    network_gbit: sum((row) => row.network_gbit),
  };
  const usd_month =
    (total.cores * fleet.usd_core_hour + total.memory_gib * fleet.usd_gib_hour) * HOURS_A_MONTH +
    total.disk_gib * fleet.usd_disk_gib_month;
  return { rows_per_s, messages_per_s, parts, total, usd_month };
}

const shown = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(2).replace(/\.0$/, '');

/** The table of SCALE.md for fleets of these sizes. */
export function scaleTable(fleets: readonly FleetInputs[]): string {
  const lines = ['| GPUs | part | cores | memory GiB | disk GiB | network Gbit/s |', '|---|---|---|---|---|---|'];
  for (const fleet of fleets) {
    const { parts, total, usd_month } = planFleet(fleet);
    for (const row of [...parts, total]) {
      const name = row === total ? `all, about ${shown(usd_month)} USD a month` : row.part;
      const figures = [row.cores, row.memory_gib, row.disk_gib, row.network_gbit].map(shown).join(' | ');
      lines.push(`| ${fleet.gpus.toLocaleString('en-US')} | ${name} | ${figures} |`);
    }
  }
  return lines.join('\n');
}
