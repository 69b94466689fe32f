import { expect } from 'vitest';
import type { Finding } from './finding.ts';

/** `check state code` of every finding; whatever is not ok must say what to do. */
export function seen(findings: Finding | readonly Finding[]): string[] {
  return [findings].flat().map((one) => {
    const { check, state, code, action, what } = one as Finding;
    expect(what).not.toMatch(/NaN|undefined|null/);
    expect(action !== '').toBe(state !== 'ok');
    return [check, state, code].filter((text) => text !== undefined).join(' ');
  });
}
