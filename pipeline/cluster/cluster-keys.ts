import { type KeyValue, openKeyValue } from '../bus/key-value.ts';
import { type ObjectStore, openObjectStore } from '../bus/object-store.ts';
import type { Bus } from '../contract/bus.ts';
import { subjectToken } from '../contract/ids.ts';
import { unitName } from './assign-units.ts';

/** Members and units: who is there, who owns what. */
export const openClusterKeys = (bus: Bus): Promise<KeyValue> =>
  openKeyValue(bus, 'GPU_VITALS_CLUSTER', 'Workers, and which of them has which groups');

/** Members only: collectors that share targets. */
export const openCollectorKeys = (bus: Bus): Promise<KeyValue> =>
  openKeyValue(bus, 'GPU_VITALS_COLLECTORS', 'Collectors that share targets');

/** States of units, an object a snapshot. */
export const openClusterObjects = (bus: Bus): Promise<ObjectStore> =>
  openObjectStore(bus, 'GPU_VITALS_CLUSTER', 'States of the groups and of what spans them');

const MEMBER = 'member.';
const UNIT = 'unit.';

export const memberKey = (worker: string): string => MEMBER + keyToken(worker);
export const unitKey = (unit: number): string => UNIT + unitName(unit);
export const isMemberKey = (key: string): boolean => key.startsWith(MEMBER);
export const isUnitKey = (key: string): boolean => key.startsWith(UNIT);

/** Keys take letters, digits, `-`, `_`, `=` and `/`. */
const keyToken = (name: string): string => subjectToken(name).replace(/[^\w=/-]/gu, '_');
