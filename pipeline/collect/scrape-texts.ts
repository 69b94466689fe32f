import type { RawMessage } from '../contract/message.ts';
import type { Scrape } from '../contract/scrape.ts';
import { decodeScrape } from '../contract/wire.ts';
import { createJsonlReader, parseJson } from '../replay/jsonl-reader.ts';
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

  /** Throws UnreadableScrape, and nothing else whatever the bytes are: one poisoned message must not stop a stream. */
  read(message: RawMessage, fallbackNode: string): Scrape[] {
    try {
      return message.content_type === 'application/json'
        ? readJsonRows(message, fallbackNode)
        : this.parserOf(message.subject).parse(message.data, { fallback_node: fallbackNode, ts: message.event_time });
    } catch (cause) {
      if (cause instanceof UnreadableScrape) throw cause;
      this.parsers.delete(message.subject);
      // A stack that overflows is the usual one: JSON nested a hundred thousand deep.
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new UnreadableScrape(`cannot be read: ${why}`, { cause });
    }
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
  const { data, event_time } = message;
  let position = 0;
  const grouper = createScrapeGrouper({ position: () => ++position, boot_epoch: event_time, start_ms: event_time });
  const reader = createJsonlReader({ grouper, draft: createRowDraft(), node, ts: event_time });
  // The decoder takes a byte order mark off.
  const text = new TextDecoder().decode(data);
  const whole = parseJson(text);
  if (whole === undefined) {
    if (!/^\s*[{[]/.test(text)) throw new UnreadableScrape('neither JSON nor a list of JSON rows');
    for (const line of text.split('\n')) reader.line(line);
  } else if (typeof whole === 'object' && whole !== null) {
    reader.whole(whole);
  } else {
    throw new UnreadableScrape(`JSON, but no row: ${JSON.stringify(whole).slice(0, 80)}`);
  }
  grouper.end();
  return grouper.take().map((scrape) => decodeScrape(scrape.data));
}
