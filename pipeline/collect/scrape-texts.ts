import type { RawMessage } from '../contract/message.ts';
import type { Scrape } from '../contract/scrape.ts';
import { decodeScrape } from '../contract/wire.ts';
import { createJsonlReader } from '../replay/jsonl-reader.ts';
import { createRowDraft } from '../replay/row-draft.ts';
import { createScrapeGrouper } from '../replay/scrape-grouper.ts';
import { ExpositionParser, UnreadableScrape } from './exposition-parser.ts';

const PARSERS_MAX = 4_096;

/**
 * Messages that others published as text: exposition text, or rows as JSON (one, a list, one a line, or a node's scrape as
 * the taps send it: `{ts, node, gpus: [...]}`). Keeps one parser per subject, since a parser remembers its series.
 */
export class ScrapeTexts {
  private readonly parsers = new Map<string, ExpositionParser>();

  /** Throws UnreadableScrape. */
  read(message: RawMessage, fallbackNode: string): Scrape[] {
    return message.content_type === 'application/json'
      ? readJsonRows(message, fallbackNode)
      : this.parserOf(message.subject).parse(message.data, { fallback_node: fallbackNode, ts: message.event_time });
  }

  private parserOf(subject: string): ExpositionParser {
    let parser = this.parsers.get(subject);
    if (!parser) {
      parser = new ExpositionParser();
      if (this.parsers.size >= PARSERS_MAX) this.parsers.delete(this.parsers.keys().next().value ?? '');
      this.parsers.set(subject, parser);
    }
    return parser;
  }
}

function readJsonRows(message: RawMessage, node: string): Scrape[] {
  const text = Buffer.from(message.data.buffer, message.data.byteOffset, message.data.byteLength).toString('utf8');
  let position = 0;
  const grouper = createScrapeGrouper({
    position: () => ++position,
    boot_epoch: message.event_time,
    start_ms: message.event_time,
  });
  const reader = createJsonlReader({ grouper, draft: createRowDraft(), node });
  for (const line of rowLines(text, message.event_time)) reader.line(line);
  reader.end();
  grouper.end();
  return grouper.take().map(({ data }) => decodeScrape(data));
}

function rowLines(text: string, eventTime: number): string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    if (!/^\s*[{[]/.test(text)) throw new UnreadableScrape('neither JSON nor a list of JSON rows');
    return text.split('\n');
  }
  if (typeof parsed !== 'object' || parsed === null)
    throw new UnreadableScrape(`JSON, but no row: ${text.slice(0, 80)}`);
  const { gpus, ...shared } = parsed as Record<string, unknown>;
  const rows = Array.isArray(parsed)
    ? parsed
    : Array.isArray(gpus)
      ? gpus.map((row) => ({ ...shared, ...row }))
      : [parsed];
  return rows.map((row) => {
    const timed = typeof row === 'object' && row !== null && !('ts' in row) ? { ts: eventTime, ...row } : row;
    return JSON.stringify(timed);
  });
}
