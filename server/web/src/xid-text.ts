import { xidEntry } from '../../../pipeline/contract/xids.ts';

/** A code with its name: `XID 79, GPU has fallen off the bus`. */
export const xidText = (xid: number | null): string => (xid === null ? 'XID' : `XID ${xid}, ${xidEntry(xid).name}`);
