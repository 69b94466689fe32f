import type { PickedLog } from '../bus/picked-log.ts';
import { inOtherHands, LostUnit, NOT_HEARD } from './lost-unit.ts';
import { decodePart, encodePart, toldBy } from './picked-parts.ts';
import type { OwnedUnit } from './unit-store.ts';

/**
 * Puts a word of ours, that tells nothing new, behind a group's last one in PICKED: from then on nobody who had the group before can
 * add any. Answers up to where the fleet has been told by then, and where our word lies. Throws LostUnit when somebody has the
 * group after us, or when `held` says that it may be so.
 */
export async function takeLog(
  log: Pick<PickedLog, 'last' | 'append'>,
  { unit: group, epoch }: Pick<OwnedUnit, 'unit' | 'epoch'>,
  stream: string,
  held: () => boolean,
): Promise<{ readonly to: number; readonly at: number }> {
  for (;;) {
    if (!held()) throw new LostUnit(NOT_HEARD);
    const last = await log.last(group);
    const part = last === null ? null : decodePart(last.data);
    if (part !== null && part.epoch > epoch) throw inOtherHands(group);
    const to = part === null || part.stream !== stream ? 0 : toldBy(part);
    const [word] = encodePart({ group, epoch, stream, from: to, to, times: [], entries: [] }, Number.POSITIVE_INFINITY);
    const at = await log.append(group, word as Uint8Array, last?.position ?? 0);
    if (at !== null) return { to, at };
  }
}
