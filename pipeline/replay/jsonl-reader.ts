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

/**
 * Reads JSONL rows in canonical names and units. A line that is no JSON object is refused as a line, a row without identity,
 * time or known metric as a row, a bad value alone. Python's bare NaN and Infinity cost their value, not the line.
 */
export function createJsonlReader(options: ReaderOptions): RecordReader {
  const { grouper, draft, node } = options;
  return {
    line(text) {
      if (text.trim() === '') return;
      const record = parseRecord(text);
      if (typeof record === 'string') {
        grouper.refuse(node, Number.NaN, lineRefusal(record, text));
        return;
      }
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
        ts: parseInstant(record.ts),
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
    },
    oversized(head) {
      grouper.refuse(node, Number.NaN, oversizedRefusal(head));
    },
    end() {},
  };
}

const fact = (content: unknown): string =>
  typeof content === 'string' ? content : typeof content === 'number' ? String(content) : '';

const BARE_NUMBER = /([:[,]\s*)(-?Infinity|NaN)(?=\s*[,}\]])/g;
const SPELLED: Readonly<Record<string, string>> = { NaN: '"NaN"', Infinity: '1e999', '-Infinity': '-1e999' };

/** The object in a line, or what is wrong with it. */
function parseRecord(text: string): Record<string, unknown> | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The engine's own words differ between releases of Node, and a dead letter must not.
    const mended = text.replace(BARE_NUMBER, (_, before: string, word: string) => before + SPELLED[word]);
    return mended === text ? 'not valid JSON' : parseRecord(mended);
  }
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
    ? (parsed as Record<string, unknown>)
    : 'a row is a JSON object';
}
