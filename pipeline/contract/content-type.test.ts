import { expect, it } from 'vitest';
import { sniffContentType } from './content-type.ts';

it.each([
  ['GPVS\u0001', 'application/vnd.gpu-vitals.scrape'],
  ['{"a":1}', 'application/json'],
  [' \r\n\t[{}]', 'application/json'],
  ['\ufeff{}', 'application/json'],
  ['# HELP DCGM_FI_DEV_GPU_TEMP', 'text/plain'],
  ['{"DCGM_FI_DEV_GPU_TEMP",gpu="0"} 45', 'text/plain'],
  ['{ "DCGM_FI_DEV_GPU_TEMP" } 45', 'text/plain'],
  ['{ "gpu_uuid" : 1}', 'application/json'],
  ['{', 'application/json'],
  ['GPV', 'text/plain'],
  ['', 'text/plain'],
  ['   ', 'text/plain'],
])('%j is %s', (text, expected) => {
  expect(sniffContentType(Buffer.from(text))).toBe(expected);
});
