import { BEGAN, NOW } from '../operators/core/fleet-clock.ts';
import type { RawMessage } from './contract/message.ts';
import { EPOCH_MS_MAX, parseInstant } from './contract/time.ts';
import { HEADER_BYTES, MAGIC } from './contract/wire-format.ts';

const TIME_AT = 16;
const LENGTH_AT = 52;
/** Every `"ts": ...` of JSON rows; inside a text the quotes are escaped, so that nothing else looks like one. */
const JSON_TIMES = /"ts"\s*:\s*(?:"([^"\\]*)"|(-?\d[\d.eE+-]*))/g;

/**
 * Moves the fleet's clock on by one message of the stream and tells where it then stands: the largest usable event time so
 * far. It depends on nothing but the stream, so that whoever reads a part of it again finds the clock where it was.
 * `cells` are those of the fleet's state. `future_ms`: how far after its arrival a message may lie and still count.
 */
export function advanceClock(cells: Float64Array, message: RawMessage, future_ms: number): number {
  const latest_ms = Math.min(EPOCH_MS_MAX, message.arrived_at + future_ms);
  const ts = newestTime(message, latest_ms);
  if (ts > 0 && ts <= latest_ms) {
    if (cells[BEGAN] === 0) cells[BEGAN] = ts;
    if (ts > (cells[NOW] as number)) cells[NOW] = ts;
  }
  return cells[NOW] as number;
}

/** Read from the bytes without decoding them; NaN when there is none, of a damaged message for example. */
function newestTime(message: RawMessage, latest_ms: number): number {
  if (message.content_type === 'application/vnd.gpu-vitals.scrape') return headerTime(message);
  if (message.content_type === 'text/plain') return message.event_time;
  let newest = Number.NaN;
  const { buffer, byteOffset, byteLength } = message.data;
  for (const [, text, number] of Buffer.from(buffer, byteOffset, byteLength).toString('utf8').matchAll(JSON_TIMES)) {
    const ts = parseInstant(text ?? Number(number));
    if (ts <= latest_ms && !(ts <= newest)) newest = ts;
  }
  return Number.isNaN(newest) ? message.event_time : newest;
}

function headerTime({ data, event_time }: RawMessage): number {
  if (data.length < HEADER_BYTES) return Number.NaN;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(LENGTH_AT, true) !== data.length) return Number.NaN;
  const ts = view.getFloat64(TIME_AT, true);
  return ts > 0 && ts <= EPOCH_MS_MAX ? ts : event_time;
}
