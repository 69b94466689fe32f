import type { PickedLog } from '../bus/picked-log.ts';
import type { GroupWork } from './group-work.ts';
import { inOtherHands, LostUnit, NOT_HEARD } from './lost-unit.ts';
import { decodePart, encodePart } from './picked-parts.ts';

const PIECE_BYTES = 512 * 1024;

/**
 * Puts what a group has not told the fleet behind its last word in PICKED. Throws LostUnit when somebody else has the group, or when
 * `own` says that it may be so.
 */
export async function tellFleet(
  work: Pick<GroupWork<never>, 'untold' | 'group' | 'owned' | 'told_at'>,
  { log, own }: { readonly log: Pick<PickedLog, 'append' | 'last'>; readonly own: { held(): boolean } },
): Promise<void> {
  const untold = work.untold();
  if (untold === null) return;
  for (const piece of encodePart(untold, PIECE_BYTES)) {
    for (;;) {
      if (!own.held()) throw new LostUnit(NOT_HEARD);
      const at = await log.append(work.group, piece, work.told_at);
      if (at !== null) {
        work.told_at = at;
        break;
      }
      const last = await log.last(work.group);
      const by = last === null ? null : decodePart(last.data);
      if (by !== null && by.epoch > work.owned.epoch) throw inOtherHands(work.group);
      work.told_at = last?.position ?? 0;
    }
  }
}
