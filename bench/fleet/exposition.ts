import type { Attribution } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT, METRICS, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { FleetNode } from './layout.ts';
import type { Page, PageRow } from './page.ts';
import { leaksBlank } from './page-scrape.ts';
import { UTIL_GARBAGE } from './readings.ts';

const XID_LAST = metricIndex('xid_last');
const GPU_UTIL = metricIndex('gpu_util_ratio');
const WINDOW_MS = 300_000;
const EXP_NAME = 'DCGM_EXP_XID_ERRORS_COUNT';

const XID_TEXTS: Readonly<Record<number, string>> = {
  13: 'Graphics Engine Exception',
  31: 'GPU memory page fault',
  43: 'GPU stopped processing',
  45: 'Preemptive cleanup, due to previous errors',
  48: 'Double Bit ECC Error',
  63: 'ECC page retirement or row remapping recording event',
  64: 'ECC page retirement or row remapper recording failure',
  74: 'NVLINK Error',
  79: 'GPU has fallen off the bus',
  94: 'Contained ECC error',
  95: 'Uncontained ECC error',
  119: 'GSP RPC Timeout',
  120: 'GSP Error',
};

/** Readings that exporters print with six decimals. */
const DECIMALS = METRICS.map(
  ({ name, unit }) =>
    name === 'power_watts' ||
    name === 'power_limit_watts' ||
    (unit === 'ratio' && name.includes('active')) ||
    name === 'sm_occupancy_ratio',
);
const KINDS = METRICS.map(({ kind, unit }) => (kind === 'counter' || unit === 'MB/s' ? 'counter' : 'gauge'));

/** Label texts are long and hardly ever change: kept per row until its attribution does. */
interface RowLabels {
  attribution: readonly Attribution[];
  texts: string[];
}

/** Writes pages of one fleet. Keeps the label texts of every row that it has written: about 300 bytes each. */
export function createPageWriter(): (page: Page, node: FleetNode, stamp_ms: number | null) => string {
  const cache = new WeakMap<PageRow, RowLabels>();
  const labelsOf = (row: PageRow, node: FleetNode, attribution: readonly Attribution[]): string[] => {
    const known = cache.get(row);
    if (known?.attribution === attribution) return known.texts;
    const texts = (attribution.length === 0 ? [null] : attribution).map((who) => labelText(row, node, who));
    cache.set(row, { attribution, texts });
    return texts;
  };

  return (page, node, stamp_ms) => {
    const { dialect, exported } = node;
    const end = stamp_ms === null ? '\n' : ` ${stamp_ms}\n`;
    const labels = page.rows.map((row, r) => labelsOf(row, node, page.attribution[r] as readonly Attribution[]));
    let head = '';
    let body = '';
    for (let m = 0; m < METRIC_COUNT; m++) {
      if (exported[m] !== 1) continue;
      const name = dialect.names[m] as string;
      let family = '';
      for (let r = 0; r < page.rows.length; r++) {
        const reading = page.raw[r * METRIC_COUNT + m] as number;
        const text = valueText(m, reading, node);
        if (text === '') continue;
        const extra = m === XID_LAST && reading > 0 && dialect.xid_text ? xidLabels(reading, dialect.separator) : '';
        for (const label of labels[r] as string[]) family += `${name}{${label}${extra}} ${text}${end}`;
      }
      if (family === '') continue;
      const about =
        dialect.help === 'none' ? '' : `# HELP ${name} ${METRICS[m]?.help ?? ''}\n# TYPE ${name} ${KINDS[m]}\n`;
      if (dialect.help === 'away') head += about;
      else body += about;
      body += family;
    }
    if (node.counts_xids) body += xidCounts(page, labels, dialect.separator, end);
    return head + body;
  };
}

function valueText(metric: number, reading: number, node: FleetNode): string {
  if (Number.isNaN(reading)) {
    if (!node.leaks_blanks || !leaksBlank(metric)) return '';
    return DECIMALS[metric] ? '140737488355328.000000' : metric % 2 === 0 ? '9223372036854775794' : '2147483632';
  }
  if (metric === GPU_UTIL && node.dialect.util_as_ratio && reading !== UTIL_GARBAGE) return String(reading / 100);
  if (DECIMALS[metric]) return reading.toFixed(6);
  // Go prints large counters of some releases with an exponent.
  if (node.dialect.id === '2.x' && reading >= 2 ** 31 && KINDS[metric] === 'counter') return exponent(reading);
  return String(reading);
}

function exponent(reading: number): string {
  return reading.toExponential().replace(/e\+(\d)$/, 'e+0$1');
}

const xidLabels = (code: number, separator: string): string =>
  `${separator}err_code="${code}"${separator}err_msg="${XID_TEXTS[code] ?? 'Unknown Error'}"`;

function xidCounts(page: Page, labels: readonly string[][], separator: string, end: string): string {
  let text = `# HELP ${EXP_NAME} Count of XID errors within the time window.\n# TYPE ${EXP_NAME} gauge\n`;
  const window = `${separator}window_size_in_ms="${WINDOW_MS}"`;
  page.rows.forEach((_, r) => {
    const reports = page.xids[r] ?? [];
    for (const label of labels[r] as string[]) {
      if (reports.length === 0) text += `${EXP_NAME}{${label}${window}} 0${end}`;
      for (const { xid, count } of reports)
        text += `${EXP_NAME}{${label}${window}${separator}xid="${xid}"} ${count}${end}`;
    }
  });
  return text;
}

function labelText(row: PageRow, node: FleetNode, who: Attribution | null): string {
  const { dialect } = node;
  const parts = [`gpu="${row.slot}"`, `${dialect.uuid_label}="${row.uuid}"`];
  if (dialect.pci_label) parts.push(`pci_bus_id="${row.pci_bus_id}"`);
  parts.push(`device="nvidia${row.slot}"`, `modelName="${node.model.name}"`);
  if (row.instance) parts.push(`GPU_I_PROFILE="${row.instance.profile}"`, `GPU_I_ID="${row.instance.id}"`);
  if (dialect.host_label !== '') {
    parts.push(`${dialect.host_label}="${node.name}"`, `DCGM_FI_DRIVER_VERSION="${dialect.driver}"`);
  }
  if (row.shown_serial !== '') parts.push(`DCGM_FI_DEV_SERIAL="${row.shown_serial}"`);
  if (node.slurm) {
    if (who) parts.push(`hpc_job="${who.job}"`);
  } else if (who || dialect.empty_pod_labels) {
    const [container, namespace, pod] = dialect.pod_labels;
    parts.push(
      `${container}="${who?.container ?? ''}"`,
      `${namespace}="${who?.namespace ?? ''}"`,
      `${pod}="${who?.pod ?? ''}"`,
    );
    if (dialect.xid_text) parts.push('pod_uid=""');
  }
  return parts.join(dialect.separator);
}
