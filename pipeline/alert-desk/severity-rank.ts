import type { Severity } from '../contract/events.ts';

const RANKS: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

/** 0 for info, 2 for critical. */
export const severityRank = (severity: Severity): number => RANKS[severity];
