import { expect, it } from 'vitest';
import { VitalsError } from '../contract/errors.ts';
import { exitCodeOf } from './exit-codes.ts';

it.each([
  ['GV-CLI-001', 2],
  ['GV-CFG-001', 2],
  ['GV-MDL-202', 2],
  ['GV-SVC-001', 3],
  ['GV-CLI-002', 1],
  ['GV-MDL-001', 1],
] as const)('%s ends with %i', (code, exit) => {
  expect(exitCodeOf(new VitalsError(code, 'what', 'where'))).toBe(exit);
});
