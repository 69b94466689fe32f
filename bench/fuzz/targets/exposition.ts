import { ExpositionParser, UnreadableScrape } from '../../../pipeline/collect/exposition-parser.ts';
import { encodeScrape } from '../../../pipeline/contract/encode-scrape.ts';
import type { Scrape } from '../../../pipeline/contract/scrape.ts';
import { decodeScrape } from '../../../pipeline/contract/wire.ts';
import { WIRE_ROWS_MAX } from '../../../pipeline/contract/wire-format.ts';
import { bytesOf, type FuzzTarget, law, lawSame } from '../fuzz-target.ts';
import { keptInputs } from '../kept-inputs.ts';
import { EXPOSITION_WORDS, EXPOSITIONS, SAMPLE_TS } from '../sample-telemetry.ts';
import { lawfulScrape } from '../telemetry-laws.ts';

const SCRAPES_COMPARED = 200;
const CONTEXT = { fallback_node: 'fallback', ts: SAMPLE_TS };
const STEADY = bytesOf(EXPOSITIONS[1] as string);

/** Exposition text: what an exporter answers. The same from a parser that has seen another body, and over the wire. */
export const exposition: FuzzTarget = {
  name: 'exposition',
  summary: 'text of an exporter',
  seeds: [...EXPOSITIONS.map(bytesOf), ...keptInputs('exposition')],
  words: EXPOSITION_WORDS,
  bytes_max: 16_384,
  grown_bytes_max: 2_097_152,
  feed(input) {
    const told = parsed(new ExpositionParser(), input);
    const warm = new ExpositionParser();
    warm.parse(STEADY, CONTEXT);
    const again = parsed(warm, input);
    law((again === null) === (told === null), 'another body before it changes whether a body can be read');
    if (told === null || again === null) return false;
    // Of what is long on purpose, the first are compared.
    const some = told.slice(0, SCRAPES_COMPARED);
    lawSame(again.slice(0, SCRAPES_COMPARED), some, 'another body before it changes what a body says');
    for (const scrape of some) {
      lawfulScrape(scrape);
      if (scrape.gpus.length <= WIRE_ROWS_MAX) lawSame(decodeScrape(encodeScrape(scrape)), scrape, 'over the wire');
    }
    return true;
  },
};

function parsed(parser: ExpositionParser, input: Uint8Array): Scrape[] | null {
  try {
    return parser.parse(input, CONTEXT);
  } catch (error) {
    if (error instanceof UnreadableScrape) return null;
    throw error;
  }
}
