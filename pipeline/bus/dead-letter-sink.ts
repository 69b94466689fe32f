import type { Timers } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { sniffContentType } from '../contract/content-type.ts';
import type { DeadLetter } from '../contract/events.ts';
import { causeId, subjectToken } from '../contract/ids.ts';
import { INVALID_STREAM, RAW_STREAM } from './ensure-streams.ts';
import { idsSince, type OnceSink, onceSink } from './once-sink.ts';
import { storedMessage } from './stored-messages.ts';

interface DeadLetterSinkOptions {
  /** Called for a letter that the stream refuses for good, so that it is at least logged and counted. */
  readonly onRefused?: (letter: DeadLetter, error: unknown) => void;
  /** Called when the stream cannot be read yet; it is tried again. */
  readonly onTrouble?: (error: unknown) => void;
  /** The machine's, when left out. */
  readonly timers?: Timers;
  /** Message ids that the stream holds, in place of reading them over the bus. */
  readonly storedIds?: () => AsyncIterable<string>;
}

/** Headers with more than this are cut: the full text is of use to nobody and a header block is limited. */
const HEADER_CHARACTERS = 512;

const WILDCARD = 'dcgm.invalid.>';

/** NATS takes 1 MiB with headers: of an original that fills it, the beginning is kept. */
const ORIGINAL_BYTES_MAX = 1_000_000;

/** A letter that was sent again is replaced by a copy under an id that has the first one behind this. */
const RETRIED = /^(?:retried:\d+:)+/;

/**
 * Puts what was refused into DCGM_INVALID under `dcgm.invalid.<reason>.<node>`: the original bytes as body, all else as
 * headers. The message id comes from the letter's contents: an engine that comes back and refuses the same again adds nothing,
 * also after the stream's own memory of ids has ended. Cost: as of onceSink; ids are read when the first letter comes, those
 * since the raw stream's oldest message, and nothing is read while nothing is refused.
 */
export function deadLetterSink(bus: Bus, options: DeadLetterSinkOptions = {}): OnceSink<DeadLetter> {
  const { storedIds = () => idsOfRaw(bus) } = options;
  return onceSink<DeadLetter>(bus, {
    message: deadLetterMessage,
    storedIds,
    read_at_once: false,
    timers: options.timers,
    onRefused: options.onRefused,
    onTrouble: options.onTrouble,
  });
}

/** Only what the raw stream still holds can be refused again: letters that are older than all of it cannot come twice. */
async function* idsOfRaw(bus: Bus): AsyncGenerator<string> {
  const { first_position, messages } = await bus.streamState(RAW_STREAM);
  const oldest = messages === 0 ? null : await storedMessage(bus, RAW_STREAM, first_position);
  if (oldest === null) return;
  for await (const id of idsSince(bus, INVALID_STREAM, WILDCARD, oldest.arrived_at)) yield id.replace(RETRIED, '');
}

function deadLetterMessage(letter: DeadLetter): {
  subject: string;
  data: Uint8Array;
  headers: Record<string, string>;
} {
  const original = letter.original_base64 ?? letter.original ?? '';
  const bytes = Buffer.from(original, letter.original_base64 === undefined ? 'utf8' : 'base64');
  const data = bytes.subarray(0, ORIGINAL_BYTES_MAX);
  const cut = data.length < bytes.length ? `(the first ${data.length} of ${bytes.length} bytes) ` : '';
  const { ts, node, level, reason, code, step, detail } = letter;
  return {
    subject: `dcgm.invalid.${reason}.${subjectToken(node)}`,
    data,
    headers: {
      Reason: reason,
      Code: code,
      Step: step,
      Level: level,
      Node: header(node),
      'Event-Time': String(ts),
      Detail: header(cut + detail),
      'Content-Type': sniffContentType(data),
      'Nats-Msg-Id': `dead:${causeId(ts, node, level, reason, step, detail, original)}`,
    },
  };
}

const header = (text: string): string =>
  text.length > HEADER_CHARACTERS ? `${text.slice(0, HEADER_CHARACTERS)}...` : text;
