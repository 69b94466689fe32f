import { isBlankText } from '../collect/check-value.ts';
import type { Attribution } from '../contract/events.ts';
import { METRICS, type Metric, metricIndex } from '../contract/metrics.ts';
import { decimal, readCell } from './cell-value.ts';
import { exporterMetric, FALLBACK_RANK, type MetricColumn } from './column-names.ts';
import { type CsvHeader, readCsvHeader } from './csv-header.ts';
import { createCsvRecords } from './csv-records.ts';
import {
  lineRefusal,
  oversizedRefusal,
  RECORD_CHARS_MAX,
  type ReaderOptions,
  type RecordReader,
  settleRow,
} from './record-reader.ts';
import { createTimeReader } from './row-times.ts';
import type { RowIdentity } from './scrape-grouper.ts';

export interface CsvReaderOptions extends ReaderOptions {
  /** Whether a header in our own names means our own strict format; false for what is told to be an nvidia-smi log. */
  readonly canonical: boolean;
}

/** As many lines of other things as a log may begin with. */
const PREAMBLE_LINES_MAX = 16;
const THROTTLE_REASONS = metricIndex('throttle_reasons');

/**
 * Reads tables: our own CSV, other people's wide ones, nvidia-smi logs and long exports of Prometheus; the header tells which.
 * A repeated header (the log was restarted) begins a new table. A GPU that other people's table gives no UUID is called
 * `<node>:<index>`, else `<node>:<PCI bus id>`, else `<node>:0`.
 */
export function createCsvReader(options: CsvReaderOptions): RecordReader {
  const { grouper, node } = options;
  let table: ((cells: readonly string[], original: string) => string | null) | null = null;
  let header: CsvHeader | null = null;
  /** Lines before the header, until one is found or it is clear that there is none. */
  let preamble: string[] | null = [];
  let finishTable = (): void => {};

  const begin = (found: CsvHeader): null => {
    finishTable();
    header = found;
    const long = found.form === 'long' ? longTable(found, options) : null;
    table = long?.record ?? wideTable(found, options);
    finishTable = long?.end ?? (() => {});
    return null;
  };
  const giveUp = (): void => {
    const original = preamble?.[0] ?? '';
    preamble = null;
    const detail = 'no header that names a time and a metric: nothing of this table can be read';
    grouper.refuse(node, Number.NaN, { level: 'scrape', reason: 'unreadable_scrape', detail, original });
  };
  const records = createCsvRecords({
    chars_max: RECORD_CHARS_MAX,
    refused(detail, original) {
      grouper.refuse(node, Number.NaN, lineRefusal(detail, original));
    },
    record(cells, original) {
      if (table === null || header === null) {
        if (preamble === null) return null;
        const first = readCsvHeader(cells, options);
        if (first === null) {
          preamble.push(original);
          if (preamble.length >= PREAMBLE_LINES_MAX) giveUp();
          return null;
        }
        for (const line of preamble) grouper.refuse(node, Number.NaN, lineRefusal('stands before the header', line));
        preamble = [];
        return begin(first);
      }
      const width = header.cells.length;
      const fits = cells.length === width || (cells.length > width && cells.slice(width).every((cell) => !cell.trim()));
      if (cells[0]?.trim() === header.cells[0] || !fits) {
        const again = readCsvHeader(cells, options);
        if (again !== null && cells.every((cell) => Number.isNaN(decimal(cell, true)))) return begin(again);
        if (!fits) return `${cells.length} cells, the header has ${width}`;
      }
      return table(cells, original);
    },
  });
  return {
    line: records.line,
    oversized(head) {
      grouper.refuse(node, Number.NaN, oversizedRefusal(head));
    },
    end() {
      records.end();
      if (table === null && preamble !== null && preamble.length > 0) giveUp();
      finishTable();
    },
  };
}

/** Readings of a metric that is named a ratio: percent for a node from the first one above 1 on. */
function createRatioFactor(): (node: string, reading: number) => number {
  const percent = new Set<string>();
  return (node, reading) => {
    if (reading > 1) percent.add(node);
    return percent.has(node) ? 0.01 : 1;
  };
}

const textOf = (cells: readonly string[], column: number | undefined): string => {
  const text = column === undefined ? '' : (cells[column] as string).trim();
  return isBlankText(text) ? '' : text;
};

function attributionOf(cells: readonly string[], facts: CsvHeader['facts']): Attribution | null {
  if ((facts.job ?? facts.pod ?? facts.namespace ?? facts.container) === undefined) return null;
  const job = textOf(cells, facts.job);
  const pod = textOf(cells, facts.pod);
  const namespace = textOf(cells, facts.namespace);
  const container = textOf(cells, facts.container);
  return job || pod || namespace || container ? { namespace, pod, container, job } : null;
}

function identityOf(cells: readonly string[], header: CsvHeader, fallbackNode: string): RowIdentity {
  const { facts } = header;
  const node = textOf(cells, facts.node) || fallbackNode;
  const slot = textOf(cells, facts.slot);
  const bus = textOf(cells, facts.pci_bus_id);
  const uuid = textOf(cells, facts.uuid);
  return {
    node,
    uuid: uuid || (header.form === 'canonical' ? '' : `${node}:${slot || bus || '0'}`),
    instance: textOf(cells, facts.instance),
    model: textOf(cells, facts.model),
    pci_bus_id: bus,
    serial: textOf(cells, facts.serial),
    slot,
  };
}

function wideTable(header: CsvHeader, options: ReaderOptions): (cells: readonly string[], original: string) => null {
  const { draft } = options;
  const { facts, time, metrics } = header;
  const strict = header.form === 'canonical';
  const readTime = createTimeReader(time?.unit ?? 'auto');
  const ratioFactor = createRatioFactor();

  const readMetric = (text: string, column: MetricColumn, node: string): void => {
    const metric = METRICS[column.metric] as Metric;
    const number = decimal(text, !strict && metric.kind === 'mask');
    if (!Number.isNaN(number)) {
      draft.reading(column.metric, number, column.maybe_percent ? ratioFactor(node, number) : column.factor);
      return;
    }
    if (strict) {
      if (text.trim() === '') draft.blank();
      else draft.refuse(column.metric, 'not_a_number');
      return;
    }
    const cell = readCell(text, metric, column.factor);
    if (cell.kind === 'reading') draft.reading(column.metric, cell.reading, cell.factor);
    else if (cell.kind === 'blank') draft.blank();
    else draft.refuse(column.metric, cell.kind);
  };

  return (cells, original) => {
    draft.begin(original);
    const identity = identityOf(cells, header, options.node);
    for (const column of metrics) {
      if (Number.isNaN(draft.values[column.metric] as number)) {
        readMetric(cells[column.column] as string, column, identity.node);
      }
    }
    if (facts.xids !== undefined) draft.xidEvents(cells[facts.xids]);
    if (header.reasons.length > 0) readReasons(cells, header, draft);
    for (let i = 0; i < header.unknown; i++) draft.unknown();
    settleRow(options, {
      identity,
      ts: time === null ? Number.NaN : readTime(cells[time.column] as string),
      original,
      attribution: attributionOf(cells, facts),
    });
    return null;
  };
}

/** One column a reason (`Active`, `Not Active`) makes the mask, where no column has the mask itself. */
function readReasons(cells: readonly string[], header: CsvHeader, draft: ReaderOptions['draft']): void {
  if (!Number.isNaN(draft.values[THROTTLE_REASONS] as number)) return;
  let mask = 0;
  let told = false;
  for (const { column, bit } of header.reasons) {
    const text = (cells[column] as string).trim().toLowerCase();
    if (text === 'active') mask |= bit;
    told ||= text === 'active' || text === 'not active';
  }
  if (told) draft.reading(THROTTLE_REASONS, mask, 1);
  else draft.blank();
}

const XID_COUNT = 'DCGM_EXP_XID_ERRORS_COUNT';

function longTable(header: CsvHeader, options: ReaderOptions) {
  const { draft, grouper } = options;
  const { facts, time } = header;
  const readTime = createTimeReader(time?.unit ?? 'auto');
  const ratioFactor = createRatioFactor();
  /** Stand-ins of the current instant, given last, because the first value of a metric wins. */
  let standIns: (() => void)[] = [];
  let instant = Number.NaN;
  const end = (): void => {
    for (const give of standIns) give();
    standIns = [];
  };

  const record = (cells: readonly string[], original: string): null => {
    const name = textOf(cells, facts.metric_name);
    const text = textOf(cells, facts.value);
    const labels = facts.labels === undefined ? '' : (cells[facts.labels] as string);
    const ts = time === null ? Number.NaN : readTime(cells[time.column] as string);
    const base = identityOf(cells, header, options.node);
    const identity = {
      ...base,
      instance: base.instance || label(labels, 'GPU_I_ID'),
      pci_bus_id: base.pci_bus_id || label(labels, 'pci_bus_id'),
    };
    const column = exporterMetric(name);
    const xid = name === XID_COUNT ? Number(label(labels, 'xid') || Number.NaN) : Number.NaN;
    if (column === null && !(Number.isInteger(xid) && xid > 0)) {
      if (!Number.isNaN(ts)) grouper.countUnknown(identity.node, ts, 1);
      return null;
    }
    if (ts !== instant) {
      end();
      instant = ts;
    }
    const give = (): void => {
      draft.begin(original);
      if (column === null) {
        draft.xidCount(xid, decimal(text, false));
      } else {
        const factor = column.maybe_percent ? ratioFactor(identity.node, Number(text)) : column.factor;
        const cell = readCell(text, METRICS[column.metric] as Metric, factor);
        if (cell.kind === 'reading') draft.reading(column.metric, cell.reading, cell.factor);
        else if (cell.kind === 'blank') draft.blank();
        else draft.refuse(column.metric, cell.kind);
      }
      settleRow(options, { identity, ts, original, attribution: attributionOf(cells, facts) });
    };
    if (column !== null && column.rank >= FALLBACK_RANK) standIns.push(give);
    else give();
    return null;
  };
  return { record, end };
}

function label(labels: string, name: string): string {
  const at = labels.indexOf(`${name}="`);
  if (at < 0 || (at > 0 && /[A-Za-z0-9_]/.test(labels[at - 1] as string))) return '';
  const from = at + name.length + 2;
  return labels.slice(from, labels.indexOf('"', from));
}
