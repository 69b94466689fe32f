import { findMetric } from '../contract/metrics.ts';
import { parseInstant } from '../contract/time.ts';
import { lineRefusal, oversizedRefusal, type ReaderOptions, type RecordReader, settleRow } from './record-reader.ts';

/** What a row may say besides metrics. */
const FACTS = new Set([
  'ts',
  'node',
  'gpu_uuid',
  'instance',
  'model',
  'pci_bus_id',
  'serial',
  'slot',
  'job',
  'pod',
  'namespace',
  'container',
]);

export interface JsonlReaderOptions extends ReaderOptions {
  /** Time of rows that do not speak of one, epoch ms; without it they are refused. */
  readonly ts?: number;
}

export interface JsonlReader extends RecordReader {
  /** What a whole text says, parsed already: a row, a list of them, or a scrape as the taps tell it. */
  whole(parsed: unknown): void;
}

/**
 * Reads JSONL rows in canonical names and units; a line may also hold a list of rows, or a node's scrape as the taps send it
 * (`{ts, node, gpus: [...]}`). A line that is no JSON object is refused as a line, a row without identity, time or known metric
 * as a row, a bad value alone. Python's bare NaN and Infinity cost their value, not the line.
 */
export function createJsonlReader(options: JsonlReaderOptions): JsonlReader {
  const { grouper, draft, node } = options;
  const read = (parsed: unknown, text: string): void => {
    if (!isObject(parsed)) {
      const wrong = parsed === undefined ? 'not valid JSON' : 'a row is a JSON object';
      grouper.refuse(node, Number.NaN, lineRefusal(wrong, text));
      return;
    }
    const record = parsed;
    draft.begin(text);
    for (const key in record) {
      const metric = findMetric(key);
      const content = record[key];
      if (metric >= 0) {
        if (typeof content === 'number') draft.reading(metric, content, 1);
        else if (content === null) draft.blank();
        else draft.refuse(metric, 'not_a_number');
      } else if (key === 'xids') {
        draft.xidEvents(content);
      } else if (!FACTS.has(key)) {
        draft.unknown();
      }
    }
    const job = fact(record.job);
    const pod = fact(record.pod);
    const namespace = fact(record.namespace);
    const container = fact(record.container);
    const uuid = record.gpu_uuid;
    settleRow(options, {
      ts: options.ts !== undefined && !Object.hasOwn(record, 'ts') ? options.ts : parseInstant(record.ts),
      original: text,
      attribution: job || pod || namespace || container ? { namespace, pod, container, job } : null,
      identity: {
        node: fact(record.node) || node,
        uuid: typeof uuid === 'string' ? uuid.trim() : '',
        instance: fact(record.instance),
        model: fact(record.model),
        pci_bus_id: fact(record.pci_bus_id),
        serial: fact(record.serial),
        slot: fact(record.slot),
      },
    });
  };
  return {
    line(text) {
      if (text.trim() === '') return;
      const parsed = parseJson(text);
      const rows = rowsOf(parsed);
      // One line is at most one refused line.
      if (rows.length > 0 && rows.every(isObject)) for (const row of rows) read(row, text);
      else read(parsed, text);
    },
    whole(parsed) {
      for (const row of rowsOf(parsed)) read(row, JSON.stringify(row, spellInfinity));
    },
    oversized(head) {
      grouper.refuse(node, Number.NaN, oversizedRefusal(head));
    },
    end() {},
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function rowsOf(parsed: unknown): readonly unknown[] {
  if (Array.isArray(parsed)) return parsed;
  if (!isObject(parsed) || !Array.isArray(parsed.gpus)) return [parsed];
  const { gpus, ...shared } = parsed;
  return parsed.gpus.map((row: unknown) => (isObject(row) ? { ...shared, ...row } : row));
}

/** A dead letter tells what stood there; JSON itself would write null. */
const spellInfinity = (_: string, value: unknown): unknown =>
  value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY ? String(value) : value;

const fact = (content: unknown): string =>
  typeof content === 'string' ? content : typeof content === 'number' ? String(content) : '';

const BARE_NUMBER = /([:[,]\s*)(-?Infinity|NaN)(?=\s*[,}\]])/g;
const SPELLED: Readonly<Record<string, string>> = { NaN: '"NaN"', Infinity: '1e999', '-Infinity': '-1e999' };

/** What a text says as JSON, Python's bare NaN and Infinity included; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The engine's own words differ between releases of Node, and a dead letter must not.
    const mended = text.replace(BARE_NUMBER, (_, before: string, word: string) => before + SPELLED[word]);
    return mended === text ? undefined : parseJson(mended);
  }
}
