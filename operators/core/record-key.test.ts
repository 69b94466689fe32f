import { expect, it } from 'vitest';
import { recordKey } from './record-key.ts';

it.each([
  ['GPU-b850f46d', 'GPU-b850f46d'],
  ['', ''],
  ['__proto__', '@__proto__'],
  ['constructor', '@constructor'],
  ['@constructor', '@@constructor'],
])('%s is kept as %s', (name, key) => {
  expect(recordKey(name)).toBe(key);
});
