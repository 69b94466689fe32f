export interface Delivery {
  /** Sequence in the stream. */
  readonly position: number;
  /** Count of this consumer's deliveries, from 1: a step other than one is a lost message. */
  readonly delivered: number;
  /** When the server stored the message, epoch ms. */
  readonly arrived_at: number;
  /** Messages that match and come after this one. */
  readonly left: number;
}

const DOT = 46;
const DIGIT_0 = 48;

/**
 * Reads the reply subject of a delivered message. Both forms end alike: version 1 is
 * `$JS.ACK.<stream>.<consumer>.<redelivered>.<stream seq>.<consumer seq>.<ns>.<left>`; version 2, the default from
 * server 2.15, puts `<domain>.<account>` before the stream and may append a token. Null for anything else.
 */
export function readDelivery(reply: string): Delivery | null {
  if (!reply.startsWith('$JS.ACK.')) return null;
  let dots = 0;
  for (let i = 0; i < reply.length; i++) if (reply.charCodeAt(i) === DOT) dots++;
  const skip = dots === 8 ? 5 : dots >= 10 ? 7 : 0;
  if (skip === 0) return null;
  let at = 0;
  for (let dot = 0; dot < skip; at++) if (reply.charCodeAt(at) === DOT) dot++;
  let field = 0;
  let position = 0;
  let delivered = 0;
  let nanoseconds = 0;
  let left = 0;
  for (; at < reply.length && field < 4; at++) {
    const code = reply.charCodeAt(at);
    if (code === DOT) {
      field++;
      continue;
    }
    const digit = code - DIGIT_0;
    if (digit < 0 || digit > 9) return null;
    if (field === 0) position = position * 10 + digit;
    else if (field === 1) delivered = delivered * 10 + digit;
    else if (field === 2) nanoseconds = nanoseconds * 10 + digit;
    else left = left * 10 + digit;
  }
  return { position, delivered, arrived_at: Math.floor(nanoseconds / 1e6), left };
}
