import type { RecoveryAction, Severity } from './events.ts';
import { XID_TABLE, type XidCategory } from './xid-table.ts';

/** What an XID code means and asks for. */
export interface XidEntry {
  readonly xid: number;
  /** Short name, lower case where it is no proper name. */
  readonly name: string;
  readonly severity: Severity;
  readonly category: XidCategory;
  /** What to do at its first appearance. */
  readonly first: RecoveryAction;
  /** What to do when that did not help. */
  readonly next: RecoveryAction;
  /** In plain words, where there is more to say than the name does; else empty. */
  readonly meaning: string;
  /** Codes that it follows from when they are there too: then it is no story of its own. `any`: whatever else is there. */
  readonly follows: readonly number[] | 'any' | null;
  /** Whether a faulty program alone can cause it on healthy hardware. */
  readonly by_application: boolean;
}

const MEANINGS: Readonly<Record<number, string>> = {
  13: 'A kernel did something illegal, most often an access out of bounds; on one GPU again and again it is the GPU.',
  31: 'A program touched memory that it has not mapped; on one GPU again and again it is the memory unit.',
  32: 'The command stream to the GPU was corrupted, by the program or on the way over PCIe.',
  43: 'A program stopped answering and was ended; the GPU itself goes on.',
  45: 'The driver ended a program because of something else; look for the code that came with it.',
  46: 'The GPU stopped working on a channel and cannot go on without a reset.',
  48: 'Memory returned data that ECC could not correct; whatever used it is lost.',
  54: 'The power plug of the board is not connected.',
  61: 'A controller inside the GPU met something unexpected; clocks may stay low until it is restarted.',
  62: 'A controller inside the GPU has halted; the GPU cannot be trusted until it is reset.',
  63: 'A weak memory row or page was taken out of use; the replacement counts from the next reset.',
  64: 'A weak memory row could not be replaced: the spare rows are used up, or writing the record failed.',
  68: 'The video decoder met an error, most often a broken stream.',
  69: 'A program used a graphics class in a way that the engine does not allow.',
  74: 'An NVLink connection failed: this GPU, its peer, the switch or the path between them.',
  79: 'The host can no longer reach the GPU over PCIe; power, heat, seating or the board.',
  80: 'Data arrived damaged at the GPU.',
  92: 'Corrected memory errors come faster than they should; the memory is wearing out.',
  94: 'An uncorrectable memory error hit one program only; others go on.',
  95: 'An uncorrectable memory error may have reached every program on the GPU.',
  109: 'The GPU could not switch between programs in time.',
  110: 'A security check inside the GPU failed.',
  119: 'The system processor of the GPU (GSP) did not answer the driver in time.',
  120: 'The system processor of the GPU (GSP) reported a failure of its own.',
  121: 'The chip-to-chip link between CPU and GPU had an error; corrected ones are harmless.',
  122: 'The board could not read its flash memory.',
  123: 'The board could not write its flash memory.',
  136: 'An NVLink did not come up.',
  137: 'A program reached for memory of a peer GPU without the right to; rarely a failing link.',
  140: 'An ECC error was found that the GPU could not recover from.',
  143: 'The GPU could not be initialised.',
  144: 'NVLink 5, memory side of the link: some kinds are harmless, some need a reset.',
  145: 'NVLink 5, remapping of link traffic: some kinds end the program, some need a reset.',
  146: 'NVLink 5, transport layer: some kinds are harmless, some need a reset.',
  147: 'NVLink 5, multicast engine.',
  148: 'NVLink 5, low power controller.',
  149: 'NVLink 5, network interface: mostly a link that went down, here or at the other end.',
  150: 'NVLink 5, management engine: it has degraded or hangs.',
  154: 'The driver now asks for another recovery action; the code that came with it tells why.',
  155: 'NVLink 5, raised by software; also when links are taken down on purpose.',
  156: 'A part of the GPU was taken out of use; it counts from the next reset.',
  158: 'The GPU did not answer in time and cannot go on.',
  167: 'PCIe did not answer in time and cannot go on.',
  171: 'Detail of an uncorrectable error: it was in DRAM.',
  172: 'Detail of an uncorrectable error: it was in SRAM.',
};

const UNCORRECTED = [48, 94, 95, 140, 171, 172] as const;

/** An effect, and its possible causes on the same GPU. Free of circles. */
const FOLLOWS: Readonly<Record<number, readonly number[] | 'any'>> = {
  43: 'any',
  45: 'any',
  154: 'any',
  8: [79],
  46: [79],
  62: [79],
  48: [144, 145, 146],
  63: [...UNCORRECTED, 92],
  64: [...UNCORRECTED, 92],
  74: [79],
  94: [48, 144, 146, 171, 172],
  95: [48, 144, 146, 171, 172],
  109: [79, 119, 120],
  119: [79, 62],
  120: [79, 62, 119],
  140: [48, 171, 172],
  145: [149],
  155: [149],
  156: UNCORRECTED,
  157: [156],
  158: [79, 119, 120],
  160: UNCORRECTED,
  161: [160],
  167: [79],
  171: [48],
  172: [48],
};

/** Beyond the category `application`: codes that illegal accesses of a program can bring about too. */
const BY_APPLICATION: ReadonlySet<number> = new Set([8, 44, 108, 137, 170]);

const ENTRIES: ReadonlyMap<number, XidEntry> = new Map(
  XID_TABLE.map(([xid, name, severity, category, first, next]) => [
    xid,
    {
      xid,
      name,
      severity,
      category,
      first,
      next,
      meaning: MEANINGS[xid] ?? '',
      follows: FOLLOWS[xid] ?? null,
      by_application: category === 'application' || BY_APPLICATION.has(xid),
    },
  ]),
);

/** The known codes, ascending. */
export const XID_CODES: readonly number[] = XID_TABLE.map(([xid]) => xid);

/** What is known of a code; of an unknown one that it is worth a look and nothing more. */
export function xidEntry(xid: number): XidEntry {
  return (
    ENTRIES.get(xid) ?? {
      xid,
      name: 'code unknown to the catalogue',
      severity: 'warning',
      category: 'unknown',
      first: 'none',
      next: 'reset_gpu',
      meaning: '',
      follows: null,
      by_application: false,
    }
  );
}
