import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { levelOf } from './condition-limits.ts';
import { conditionBit, conditionIndex } from './condition-table.ts';
import { noteReading, tableLimit } from './ledger.ts';
import { aliveBits, reading, type Scene } from './scene.ts';

const PAGES = conditionIndex('retired_pages');
const PENDING = conditionIndex('retired_pages_pending');
const ALIVE = conditionBit('retired_pages') | conditionBit('retired_pages_pending');
const SBE_COLUMN = metricIndex('retired_pages_sbe_total');
const DBE_COLUMN = metricIndex('retired_pages_dbe_total');
const PENDING_COLUMN = metricIndex('retired_pages_pending');

/** Page retirement (before Ampere): how many pages were given up, and whether some wait for a reset. */
export function retiredPages(scene: Scene): void {
  const sbe = reading(scene, SBE_COLUMN);
  const dbe = reading(scene, DBE_COLUMN);
  const pending = reading(scene, PENDING_COLUMN);
  if (!(sbe > 0) && !(dbe > 0) && !(pending > 0) && (aliveBits(scene) & ALIVE) === 0) return;
  if (!Number.isNaN(sbe) || !Number.isNaN(dbe))
    judge(scene, PAGES, (!Number.isNaN(sbe) ? sbe : 0) + (!Number.isNaN(dbe) ? dbe : 0));
  if (!Number.isNaN(pending)) judge(scene, PENDING, pending);
}

function judge(scene: Scene, c: number, value: number): void {
  const level = levelOf(scene.limits, c, value);
  noteReading(scene, c, level, value, tableLimit(scene, c, level));
}
