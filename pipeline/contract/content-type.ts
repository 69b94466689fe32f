import type { ContentType } from './message.ts';

/** As much as a first label of exposition text, or a first key of JSON, can reasonably take. */
const SNIFF_BYTES = 1_024;
/** `{"name",` or `{"name"}`: a sample whose quoted name stands inside its labels (Prometheus 3), never JSON. */
const QUOTED_SAMPLE = /^\{[ \t]*"(?:[^"\\\n]|\\.)*"[ \t]*(?:[,}=])/;

/** Content type by the first bytes: `GPVS` is the binary format, a brace or bracket JSON, everything else text. */
export function sniffContentType(data: Uint8Array): ContentType {
  if (isBinary(data)) return 'application/vnd.gpu-vitals.scrape';
  let i = 0;
  if (data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf) i = 3;
  while (data[i] === 0x20 || data[i] === 0x09 || data[i] === 0x0a || data[i] === 0x0d) i++;
  if (data[i] === 0x5b) return 'application/json';
  if (data[i] !== 0x7b) return 'text/plain';
  const head = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1', i, i + SNIFF_BYTES);
  return QUOTED_SAMPLE.test(head) ? 'text/plain' : 'application/json';
}

export const isBinary = (data: Uint8Array): boolean =>
  data[0] === 0x47 && data[1] === 0x50 && data[2] === 0x56 && data[3] === 0x53;
