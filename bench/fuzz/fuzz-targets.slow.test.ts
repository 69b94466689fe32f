import { describe, expect, it } from 'vitest';
import { feedOne, runCases } from './run-cases.ts';
import { findTarget, TARGET_NAMES } from './targets.ts';

/** Those whose cases cost more have fewer: together with their seeds a few seconds each. */
const CASES: Readonly<Record<string, number>> = { bundles: 1_000, config: 600 };

describe.each(TARGET_NAMES)('%s', (name) => {
  it('keeps its laws, whatever the bytes are', async () => {
    const target = await findTarget(name);
    if (target === null) throw new Error(`no target ${name}`);
    const { failure } = await runCases(target, { seed: 7, from: 0, to: CASES[name] ?? 2_000 });
    expect(failure === null ? '' : `case ${failure.number}: ${failure.what}`).toBe('');
  });

  it('takes some of its seeds, so that what is tried is more than refusing', async () => {
    const target = await findTarget(name);
    const outcomes = [];
    for (const seed of target?.seeds.slice(0, 4) ?? [])
      outcomes.push(target === null ? null : await feedOne(target, seed));
    expect(outcomes).toContain(true);
  });
});

it('there is no target of a name that every object has', async () => {
  expect(await findTarget('constructor')).toBeNull();
});
