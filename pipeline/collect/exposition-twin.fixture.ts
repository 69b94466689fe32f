import { METRIC_COUNT, METRICS } from '../contract/metrics.ts';

/**
 * A second reader of expositions, slow and plain, that shares nothing with ExpositionParser but the catalogue: lines by
 * regular expression, rows as objects keyed by text, every rule spelled out once more. What both say alike is believed.
 */
export interface TwinRow {
  uuid: string;
  instance: string;
  model: string;
  pci_bus_id: string;
  slot: string;
  ts: number;
  values: number[];
  xids: { xid: number; count: number }[];
  attribution: string[];
}

export interface TwinScrape {
  node: string;
  gpus: TwinRow[];
  blanks: number;
  unknown_metrics: number;
  /** `level reason`, sorted. */
  refusals: string[];
}

const SAMPLE =
  /^([A-Za-z_:][\w:]*)(?:[ \t]*\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\}[ \t]*|[ \t]+)([^\s#]\S*)(?:[ \t]+([+-]?[\d.]+(?:[eE][+-]?\d+)?))?[ \t]*(?:[ \t]#.*)?$/u;
const LABEL = /\s*([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/gu;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const XID_COUNTS = ['DCGM_EXP_XID_ERRORS_COUNT', 'DCGM_FI_DEV_XID_ERRORS_ACTIVE'];

type Labels = Record<string, string>;

function labelsOf(text: string): Labels | null {
  const labels: Labels = {};
  let rest = text;
  for (const [all, name = '', value = ''] of text.matchAll(LABEL)) {
    rest = rest.replace(all, '');
    labels[name] ??= value.replace(/\\(["\\n])/g, (_, c: string) => (c === 'n' ? '\n' : c));
  }
  return rest.trim() === '' ? labels : null;
}

function numberOf(text: string): number | null {
  if (NUMBER.test(text)) return Number.parseFloat(text);
  const word = text.toLowerCase().replace(/^\+/, '');
  if (word === 'nan' || word === '-nan') return Number.NaN;
  if (word === 'inf' || word === 'infinity') return Number.POSITIVE_INFINITY;
  return word === '-inf' || word === '-infinity' ? Number.NEGATIVE_INFINITY : null;
}

const isBlank = (reading: number): boolean =>
  BLANKS.has(reading) || (reading >= 9.22e18 && reading !== Number.POSITIVE_INFINITY);
const BLANKS = new Set([
  ...[2147483632, 2147483633, 2147483634, 2147483635],
  ...[140737488355328, 140737488355329, 140737488355330, 140737488355331],
]);

/** A text that tells two instants of one series is as many texts as it tells instants. */
export function twinParse(text: string, fallback: string, ts: number): TwinScrape[] {
  const whole = twinInstant(text, fallback, ts);
  if (whole !== null) return whole;
  const parts = new Map<number, string[]>();
  let before: string[] = [];
  let at = Number.NaN;
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const match = SAMPLE.exec(line);
    if (match !== null) {
      const stamp = Number(match[4] ?? Number.NaN) * (Number(match[4]) < 1e11 ? 1000 : 1);
      at = stamp > 0 && stamp < 253402300800000 ? Math.round(stamp) : 0;
    }
    if (Number.isNaN(at)) before.push(line);
    else parts.set(at, [...(parts.get(at) ?? []), ...before.splice(0), line]);
    before = Number.isNaN(at) ? before : [];
  }
  return [...parts.keys()]
    .sort((a, b) => a - b)
    .flatMap((stamp) => twinInstant((parts.get(stamp) ?? []).join('\n'), fallback, stamp || ts) ?? []);
}

/** Null when some series is told of two instants. */
function twinInstant(text: string, fallback: string, ts: number): TwinScrape[] | null {
  const stamps = new Map<string, number>();
  const strangers = new Map<string, TwinScrape>();
  const scrapes = new Map<string, TwinScrape>();
  const rows = new Map<string, TwinRow>();
  const cells = new Map<string, { row: TwinRow; metric: number; source: string; reading: number }>();
  const decided = new Set<string>();
  const loose = { refusals: [] as string[], unknown: 0, nameless: new Set<string>() };
  const scrapeOf = (node: string): TwinScrape => {
    const known = scrapes.get(node) ?? { node, gpus: [], blanks: 0, unknown_metrics: 0, refusals: [] };
    scrapes.set(node, known);
    return known;
  };

  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const match = SAMPLE.exec(line);
    const labels = labelsOf(match?.[2] ?? '');
    if (match === null || labels === null) {
      loose.refusals.push('line unreadable_line');
      continue;
    }
    const [, name = '', , word = '', stamp] = match;
    const reading = numberOf(word);
    const said = word.startsWith('<<<');
    const host = labels.Hostname || labels.hostname || '';
    const uuid = labels.UUID || labels.uuid || labels.gpu_uuid || '';
    const other = labels.nvlink || labels.nvswitch || labels.cpu;
    const main = METRICS.findIndex((spec) => spec.exporter_names.includes(name) && !spec.ratio_names?.includes(name));
    const spare = METRICS.findIndex((spec) => spec.fallback?.exporter_names.includes(name));
    const share = METRICS.findIndex((spec) => spec.ratio_names?.includes(name));
    const metric = [main, spare, share].find((index) => index >= 0) ?? -1;
    const known = !other && (metric >= 0 || XID_COUNTS.includes(name));
    if (reading === null && !said && !known) {
      loose.refusals.push('line unreadable_line');
      continue;
    }
    if (!known) {
      const node = host || (uuid && !other ? fallback : '');
      if (node) scrapeOf(node).unknown_metrics++;
      else loose.unknown++;
      if (uuid && !other) strangers.set(JSON.stringify([node, uuid, labels.GPU_I_ID ?? '']), scrapeOf(node));
      continue;
    }
    if (!uuid) {
      loose.nameless.add(host && scrapeOf(host).node);
      continue;
    }
    const scrape = scrapeOf(host || fallback);
    if (metric < 0 && !(Number(labels.xid) > 0)) continue;
    const instance = labels.GPU_I_ID ?? '';
    const key = `${scrape.node} ${uuid} ${instance}`;
    let row = rows.get(key);
    if (row === undefined) {
      const values = Array.from({ length: METRIC_COUNT }, () => Number.NaN);
      row = { uuid, instance, model: '', pci_bus_id: '', slot: '', ts: Number.NaN, values, xids: [], attribution: [] };
      rows.set(key, row);
      scrape.gpus.push(row);
    }
    row.model ||= labels.modelName || labels.model_name || '';
    row.pci_bus_id ||= labels.pci_bus_id ?? '';
    row.slot ||= labels.gpu ?? '';
    const pod = labels.pod || labels.pod_name || '';
    const job = labels.hpc_job ?? '';
    if (pod || job) {
      const namespace = labels.namespace || labels.pod_namespace || '';
      const user = [namespace, pod, labels.container || labels.container_name || '', job].join('/');
      if (!row.attribution.includes(user)) row.attribution.push(user);
    }
    if (metric < 0) {
      const xid = Number(labels.xid);
      const count = reading ?? Number.NaN;
      if (said || isBlank(count)) scrape.blanks++;
      else if (Number.isNaN(count)) scrape.refusals.push('value not_a_number');
      else if (count < 0 || count > 2 ** 53 - 1 || count % 1 !== 0) scrape.refusals.push('value out_of_range');
      else if (!row.xids.some((one) => one.xid === xid)) row.xids.push({ xid, count });
      continue;
    }
    const source = main >= 0 ? 'main' : spare >= 0 ? 'spare' : 'share';
    const cell = `${key} ${metric} ${source}`;
    if (stamp !== undefined) {
      const ms = Math.round(Number(stamp) < 1e11 ? Number(stamp) * 1000 : Number(stamp));
      if (ms > 0 && ms < 253402300800000) {
        if (!(ms <= row.ts)) row.ts = ms;
        if ((stamps.get(cell) ?? ms) !== ms) return null;
        stamps.set(cell, ms);
      }
    }
    if (decided.has(cell)) {
      const code = METRICS[metric]?.name === 'xid_last' && reading !== null && reading % 1 === 0 ? reading : 0;
      const first = cells.get(cell)?.reading;
      if (code > 0 && code <= 65535 && code !== first && !row.xids.some((one) => one.xid === code))
        row.xids.push({ xid: code, count: 1 });
      continue;
    }
    decided.add(cell);
    const spec = METRICS[metric] as (typeof METRICS)[number];
    const value =
      reading === null
        ? Number.NaN
        : spec.scale === 0.01
          ? reading / 100
          : spec.scale === 0.001
            ? reading / 1000
            : reading * spec.scale;
    if (said || isBlank(reading ?? 0)) scrape.blanks++;
    else if (/^memory_temp|^pcie_(max_)?link/.test(spec.name) && value === 0) scrape.blanks++;
    else if (Number.isNaN(value)) scrape.refusals.push('value not_a_number');
    else if (value < spec.min || value > spec.max) scrape.refusals.push('value out_of_range');
    else cells.set(cell, { row, metric, source, reading: source === 'share' ? (reading as number) : value });
  }

  const percent = [...cells.values()].some((cell) => cell.source === 'share' && cell.reading > 1);
  for (const source of ['main', 'spare', 'share']) {
    for (const cell of cells.values()) {
      if (cell.source === source && Number.isNaN(cell.row.values[cell.metric])) {
        cell.row.values[cell.metric] = source === 'share' && percent ? cell.reading / 100 : cell.reading;
      }
    }
  }
  for (const row of rows.values()) if (Number.isNaN(row.ts)) row.ts = ts;
  for (const [key, scrape] of strangers) {
    const [, uuid] = JSON.parse(key) as string[];
    if (!scrape.gpus.some((row) => row.uuid === uuid)) scrape.refusals.push('row no_metrics');
  }
  const all = scrapes.size > 0 ? [...scrapes.values()] : [scrapeOf(fallback)];
  const first = all[0] as TwinScrape;
  first.refusals.push(...loose.refusals);
  if (loose.nameless.delete('')) loose.nameless.add(first.node);
  for (const node of loose.nameless) scrapeOf(node).refusals.push('row no_identity');
  first.unknown_metrics += loose.unknown;
  for (const scrape of all) scrape.refusals.sort();
  return all;
}
