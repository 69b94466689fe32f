import { CHAIN_VALUES } from '../chain-fleet.ts';

/** The bare chain's message: u32 node, u32 round, f64 event time, then 8 x 25 f64 row by row. No checks, no identity. */
export const BARE_NODE_AT = 0;
export const BARE_TIME_AT = 8;
export const BARE_VALUES_AT = 16;
export const BARE_BYTES = BARE_VALUES_AT + CHAIN_VALUES * 8;

export const BARE_STREAM = 'BENCH_BARE';
export const BARE_SUBJECTS = 'bench.bare.>';
export const BARE_TABLE = 'bench_bare';
