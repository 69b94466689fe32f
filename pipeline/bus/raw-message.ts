import type { Msg } from '@nats-io/transport-node';
import { isBinary, sniffContentType } from '../contract/content-type.ts';
import type { ContentType, RawMessage } from '../contract/message.ts';
import { parseInstant } from '../contract/time.ts';
import { TRACE_HEADER } from '../contract/tracing.ts';
import type { Delivery } from './delivery.ts';
import { headerValue, readHeaders } from './wire-headers.ts';

/**
 * A delivered message as the rest knows it. Headers cost 1.3 us to read, so they are left alone when the bytes say binary:
 * that format carries its own times, unless traces are wanted. `data` is a view into the socket's chunk.
 */
export function rawMessage(message: Msg, delivery: Delivery, traces = false): RawMessage {
  const data = message.data;
  let contentType: ContentType = 'application/vnd.gpu-vitals.scrape';
  let eventTime = delivery.arrived_at;
  if (!isBinary(data)) {
    const pairs = readHeaders(message);
    // A header that promises our binary format is believed, so that damage is told as damage. JSON and text the bytes tell
    // better than tools do: `curl` and `nats pub` call everything anything.
    if (!isScrapeType(headerValue(pairs, 'Content-Type'))) contentType = sniffContentType(data);
    const told = parseInstant(instantOf(headerValue(pairs, 'Event-Time')));
    if (!Number.isNaN(told)) eventTime = told;
  }
  const raw: RawMessage = {
    subject: message.subject,
    data,
    content_type: contentType,
    position: delivery.position,
    arrived_at: delivery.arrived_at,
    event_time: eventTime,
  };
  const trace = traces ? (message.headers?.get(TRACE_HEADER) ?? '') : '';
  return trace === '' ? raw : { ...raw, trace };
}

const isScrapeType = (header: string): boolean =>
  (header.split(';')[0] as string).trim().toLowerCase() === 'application/vnd.gpu-vitals.scrape';

/** Below this a number of milliseconds would lie in 1973, so that it is seconds, as `date +%s` gives them. */
const SECONDS_BELOW = 1e11;

function instantOf(text: string): string | number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isNaN(number) ? text : number < SECONDS_BELOW ? number * 1_000 : number;
}
