import { newestInstant } from '../collect/exposition-instants.ts';
import { VitalsError } from '../contract/errors.ts';
import type { RawMessage } from '../contract/message.ts';
import { createLineSplitter } from '../line-splitter.ts';
import { type ByteSource, openBytes, openFile, withHead } from './byte-source.ts';
import { createCsvReader } from './csv-reader.ts';
import { detectFormat, type FileFormat, type InputFormat } from './detect-format.ts';
import { type InputFile, inputFiles } from './input-files.ts';
import { createJsonlReader } from './jsonl-reader.ts';
import { promBodies, promMessage } from './prom-bodies.ts';
import { type FileReading, readTogether, type TextInstant } from './read-together.ts';
import { RECORD_CHARS_MAX } from './record-reader.ts';
import { createRowDraft, type RowDraft } from './row-draft.ts';
import { createScrapeGrouper, type ScrapeGrouper } from './scrape-grouper.ts';

export interface ReadInputOptions {
  /** A file, a folder, or `-` for standard input; several are one capture. */
  readonly path: string | readonly string[];
  readonly format: InputFormat;
  /** Time between two .prom files of a node, ms. */
  readonly interval_ms: number;
  /** Instant of a node's first .prom file, epoch ms; for files whose samples have no times. */
  readonly start_ms: number;
  /** Node of texts and rows that name none; else the file's name without its extension. */
  readonly node?: string;
  /** What `-` reads; the process's standard input when left out. */
  readonly stdin?: AsyncIterable<Uint8Array>;
}

/** An exposition text is held whole: more than any exporter says, or a federation of thousands of nodes. */
const BODY_BYTES_MAX = 128 * 2 ** 20;
const SNIFF_BYTES = 65_536;

interface Source {
  readonly file: InputFile;
  /** Named by somebody, and not found in a folder. */
  readonly alone: boolean;
  /** Can be opened once only. */
  readonly once: boolean;
  open(): ByteSource;
}

/** What a file is read with. */
interface Reading {
  readonly options: ReadInputOptions;
  readonly grouper: ScrapeGrouper;
  readonly draft: RowDraft;
  readonly position: () => number;
  readonly instantOf: TextInstant;
}

/**
 * Reads saved telemetry as the messages that a live system would have got: a file in its order, several files merged by
 * event time, positions from 1, `arrived_at` the event time. Exposition texts go through as they are, at the newest time of
 * their samples where those have any; rows of other formats are grouped into binary scrapes that carry what was refused of
 * them. Yields as it reads: memory is bounded by two chunks, one instant and, for exposition, one text, of each file whose
 * time has come. Throws VitalsError GV-CLI-002 when an input is missing, unreadable or an empty folder.
 */
export async function* readInput(options: ReadInputOptions): AsyncGenerator<readonly RawMessage[]> {
  const sources = await sourcesOf(options);
  const reading = (start_ms: number, instantOf: TextInstant): Reading => {
    let last = 0;
    const position = (): number => ++last;
    const grouper = createScrapeGrouper({ position, boot_epoch: options.start_ms, start_ms });
    return { options, grouper, draft: createRowDraft(), position, instantOf };
  };
  const instantOf = textInstants(options);
  // Standard input cannot be read twice: with it, files are read one after the other.
  if (sources.length === 1 || sources.some(({ once }) => once)) {
    const whole = reading(options.start_ms, instantOf);
    for (const { file, alone, open } of sources) yield* readFile(whole, file, open(), alone);
    return;
  }
  const files = sources.map(
    ({ file, alone, open }): FileReading =>
      (start_ms, instants) =>
        readFile(reading(start_ms, instants), file, open(), alone),
  );
  yield* readTogether(files, instantOf, options.start_ms);
}

/** The newest time of a text's samples; texts without times are counted for each node. */
function textInstants({ start_ms, interval_ms }: ReadInputOptions): TextInstant {
  const met = new Map<string, number>();
  return (node, text) => {
    const before = met.get(node) ?? 0;
    met.set(node, before + 1);
    const own = text === null ? Number.NaN : newestInstant(text);
    return Number.isNaN(own) ? start_ms + before * interval_ms : own;
  };
}

/** Every file behind the paths, before anything is read: a path that is wrong costs nothing. */
async function sourcesOf(options: ReadInputOptions): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for (const path of typeof options.path === 'string' ? [options.path] : options.path) {
    if (path === '-') {
      const file = { path: 'standard input', stem: 'stdin', extension: null };
      sources.push({ file, alone: true, once: true, open: () => openBytes(options.stdin ?? process.stdin) });
      continue;
    }
    const { files, folder } = await inputFiles(path);
    for (const file of files) sources.push({ file, alone: !folder, once: false, open: () => openFile(file.path) });
  }
  return sources;
}

async function* readFile(
  reading: Reading,
  file: InputFile,
  source: ByteSource,
  alone: boolean,
): AsyncGenerator<readonly RawMessage[]> {
  const asked = reading.options.format;
  const { head, all } = await withHead(source.chunks, (bytes) =>
    asked === 'auto' && file.extension !== 'prom'
      ? bytes.includes(0x0a) || bytes.length >= SNIFF_BYTES
      : bytes.length >= 2,
  );
  const damage = source.damage();
  if (alone && head.length === 0 && damage !== null) {
    throw new VitalsError('GV-CLI-002', `the input cannot be unpacked (${damage})`, file.path);
  }
  const encoding = encodingOf(head);
  const format = detectFormat(asked, file, new TextDecoder(encoding).decode(head));
  const node = reading.options.node ?? file.stem;
  if (format === 'prom') yield* readProm(reading, node, all, source);
  else yield* readRows(reading, { node, format, encoding }, all, source);
}

/** PowerShell redirects nvidia-smi as UTF-16. */
function encodingOf(head: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  return head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : 'utf-8';
}

async function* readRows(
  reading: Reading,
  file: { readonly node: string; readonly format: Exclude<FileFormat, 'prom'>; readonly encoding: string },
  chunks: AsyncIterable<Uint8Array>,
  source: ByteSource,
): AsyncGenerator<readonly RawMessage[]> {
  const { grouper, draft } = reading;
  const { node, format, encoding } = file;
  const reader =
    format === 'jsonl'
      ? createJsonlReader({ grouper, draft, node })
      : createCsvReader({ grouper, draft, node, canonical: format === 'csv' });
  const splitter = createLineSplitter({
    chars_max: RECORD_CHARS_MAX,
    line: reader.line,
    oversized: reader.oversized,
  });
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) {
    splitter.push(decoder.decode(chunk, { stream: true }));
    const messages = grouper.take();
    if (messages.length > 0) yield messages;
  }
  splitter.push(decoder.decode());
  const damage = source.damage();
  const rest = damage === null ? '' : splitter.abandon();
  splitter.end();
  reader.end();
  if (damage !== null) refuseRest(grouper, node, Number.NaN, damage, rest);
  grouper.end();
  const messages = grouper.take();
  if (messages.length > 0) yield messages;
}

async function* readProm(
  reading: Reading,
  fallback: string,
  chunks: AsyncIterable<Uint8Array>,
  source: ByteSource,
): AsyncGenerator<readonly RawMessage[]> {
  const { grouper, position, instantOf } = reading;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) break;
    parts.push(chunk);
  }
  const damage = source.damage();
  let body: Uint8Array = Buffer.concat(parts);
  if (bytes > BODY_BYTES_MAX) {
    const detail = `more than ${BODY_BYTES_MAX} bytes; the original holds their beginning`;
    const original = Buffer.from(body.subarray(0, 4_096)).toString('utf8');
    grouper.refuse(fallback, instantOf(fallback, null), {
      level: 'scrape',
      reason: 'oversized_message',
      detail,
      original,
    });
    grouper.end();
    yield grouper.take();
    return;
  }
  let rest = '';
  if (damage !== null) {
    const whole = body.lastIndexOf(0x0a) + 1;
    rest = Buffer.from(body.subarray(whole)).toString('utf8');
    body = body.subarray(0, whole);
  }
  const messages: RawMessage[] = [];
  for (const one of promBodies(body, fallback)) {
    messages.push(promMessage(one, position(), instantOf(one.node, one.data)));
  }
  if (damage !== null) {
    const last = messages.at(-1);
    refuseRest(grouper, fallback, last?.event_time ?? reading.options.start_ms, damage, rest);
    grouper.end();
    messages.push(...grouper.take());
  }
  yield messages;
}

function refuseRest(grouper: ScrapeGrouper, node: string, ts: number, damage: string, rest: string): void {
  grouper.refuse(node, ts, {
    level: 'scrape',
    reason: 'unreadable_scrape',
    detail: `the packed input ends early (${damage}); what came before was read`,
    original: rest,
  });
}
