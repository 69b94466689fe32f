import type { Bus } from '../contract/bus.ts';
import { sniffContentType } from '../contract/content-type.ts';
import type { DeadLetter } from '../contract/events.ts';
import { causeId, subjectToken } from '../contract/ids.ts';
import type { Sink } from '../contract/ports.ts';

interface DeadLetterSinkOptions {
  /** Called for a letter that the stream refuses for good, so that it is at least logged and counted. */
  readonly onRefused?: (letter: DeadLetter, error: unknown) => void;
}

/** Headers with more than this are cut: the full text is of use to nobody and a header block is limited. */
const HEADER_CHARACTERS = 512;

/** NATS takes 1 MiB with headers: of an original that fills it, the beginning is kept. */
const ORIGINAL_BYTES_MAX = 1_000_000;

/**
 * Puts what was refused into DCGM_INVALID under `dcgm.invalid.<reason>.<node>`: the original bytes as body, all else as
 * headers. The message id comes from the letter's contents, so that a replay within the duplicate window adds nothing.
 * Cost: one stored message per letter, held in memory until it is acknowledged.
 */
export function deadLetterSink(bus: Pick<Bus, 'publisher'>, options: DeadLetterSinkOptions = {}): Sink<DeadLetter> {
  const publisher = bus.publisher();
  const pending = new Set<Promise<void>>();
  return {
    write(letter) {
      const message = deadLetterMessage(letter);
      const stored: Promise<void> = publisher
        .publish(message)
        .then(
          () => {},
          (error: unknown) => options.onRefused?.(letter, error),
        )
        .then(() => {
          pending.delete(stored);
        });
      pending.add(stored);
    },
    async flush() {
      await Promise.all([...pending]);
    },
    pressure: () => publisher.pressure(),
    async close() {
      await Promise.all([...pending]);
      await publisher.close();
    },
  };
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
