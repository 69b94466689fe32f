import { type DecayedCounts, decayedCounts } from './decayed-count.ts';
import { CAGES, NODES, type Place, type TitanRecord } from './titan-records.ts';

/** What is known of every GPU in the machine at a landmark; days, counts since the beginning, events per GPU and day. */
export const TITAN_FEATURES = [
  'age_days',
  'installed_days',
  'insertions',
  'made_year',
  'first_insert_year',
  'column',
  'row',
  'cage',
  'slot',
  'node',
  'dbe',
  'otb',
  'days_since_event',
  'place_events',
  'place_days_since_event',
  'blade_rate',
  'chassis_rate',
  'cabinet_rate',
  'position_rate',
  'made_week_rate',
  'fleet_rate',
] as const;

export type TitanFeature = (typeof TITAN_FEATURES)[number];

/** All GPUs that are in the machine at an instant. */
export interface LandmarkRows {
  /** Days since 1970. */
  readonly at: number;
  readonly gpus: readonly string[];
  /** Row by row, in the order of TITAN_FEATURES; NaN = unknown. */
  readonly values: Float32Array;
}

/** What became of a GPU from a landmark on. */
export interface Course {
  /** Days until its first event, or for which it was watched without. */
  readonly days: number;
  readonly event: boolean;
}

/**
 * What a person could know who has read the records so far, and no more: it is handed records one after the other, and tells
 * the features of an instant that lies after all of them, and what became of an instant that lies before.
 */
export interface TitanMemory {
  /** Throws for a record that is older than one before. */
  take(record: TitanRecord): void;
  /** Throws when a record of that instant or later was taken: features know only what was before. */
  rowsAt(landmark: number): LandmarkRows;
  /** From `landmark` on, as far as `until`, which must not lie behind the newest record's successor: nothing later is looked at. */
  course(gpu: string, landmark: number, until: number): Course;
}

interface GpuMemory {
  readonly made_week: number;
  readonly first_insert: number;
  readonly stays: { readonly from: number; until: number }[];
  readonly events: number[];
  place: Place | null;
  dbe: number;
  otb: number;
}

const YEAR_DAYS = 365.25;
const HALF_LIFE_DAYS = 120;
/** A GPU that fails repeats it within minutes, up to a hundred times: that is one event. */
const REPEAT_DAYS = 1;

export function titanMemory(): TitanMemory {
  const gpus = new Map<string, GpuMemory>();
  const places = new Map<number, { events: number; last: number }>();
  const groups = GROUPS.map((keyOf): Group => ({ keyOf, counts: decayedCounts(HALF_LIFE_DAYS) }));
  let newest = Number.NEGATIVE_INFINITY;

  const insert = (record: TitanRecord): void => {
    let gpu = gpus.get(record.gpu);
    if (gpu === undefined) {
      gpu = {
        made_week: madeWeek(record.gpu),
        first_insert: record.at,
        stays: [],
        events: [],
        place: null,
        dbe: 0,
        otb: 0,
      };
      gpus.set(record.gpu, gpu);
    }
    if (gpu.place !== null) remove(gpu, record.at);
    gpu.place = record.place;
    gpu.stays.push({ from: record.at, until: Number.POSITIVE_INFINITY });
    for (const { keyOf, counts } of groups) counts.enter(keyOf(record.place, gpu.made_week));
  };
  const remove = (gpu: GpuMemory, at: number): void => {
    const stay = gpu.stays.at(-1);
    if (gpu.place === null || stay === undefined) return;
    for (const { keyOf, counts } of groups) counts.leave(keyOf(gpu.place, gpu.made_week));
    stay.until = at;
    gpu.place = null;
  };
  const event = ({ at, kind, place }: TitanRecord, gpu: GpuMemory): void => {
    const before = gpu.events.at(-1);
    if (before !== undefined && at - before < REPEAT_DAYS) return;
    gpu.events.push(at);
    if (kind === 'DBE') gpu.dbe++;
    else gpu.otb++;
    places.set(placeKey(place), { events: (places.get(placeKey(place))?.events ?? 0) + 1, last: at });
    for (const { keyOf, counts } of groups) counts.add(keyOf(place, gpu.made_week), at);
  };

  return {
    take(record) {
      if (record.at < newest) throw new Error(`a record of day ${record.at} after one of day ${newest}`);
      newest = record.at;
      if (record.kind === 'insert') return insert(record);
      const gpu = gpus.get(record.gpu);
      if (gpu === undefined) return;
      if (record.kind === 'remove') remove(gpu, record.at);
      else event(record, gpu);
    },
    rowsAt(landmark) {
      if (newest >= landmark) throw new Error(`a landmark at day ${landmark} knows a record of day ${newest}`);
      const present = [...gpus].filter(([, { place }]) => place !== null);
      const values = new Float32Array(present.length * TITAN_FEATURES.length);
      present.forEach(([, gpu], i) => {
        const { place } = gpu;
        if (place === null) return;
        values.set(featuresOf(gpu, place, places.get(placeKey(place)), groups, landmark), i * TITAN_FEATURES.length);
      });
      return { at: landmark, gpus: present.map(([serial]) => serial), values };
    },
    course(serial, landmark, until) {
      const gpu = gpus.get(serial);
      const failed = gpu?.events.find((at) => at > landmark);
      if (failed !== undefined && failed <= until) return { days: failed - landmark, event: true };
      const last = gpu?.stays.findLast(({ from }) => from <= until);
      return { days: Math.max(0, Math.min(last?.until ?? landmark, until) - landmark), event: false };
    },
  };
}

interface Group {
  readonly keyOf: (place: Place, made_week: number) => number;
  readonly counts: DecayedCounts;
}

const cabinet = ({ column, row }: Place): number => column * 8 + row;
const chassis = (place: Place): number => cabinet(place) * CAGES + place.cage;
const blade = (place: Place): number => chassis(place) * 8 + place.slot;
const placeKey = (place: Place): number => blade(place) * NODES + place.node;
/** In the order of the rates among the features. */
const GROUPS: readonly ((place: Place, made_week: number) => number)[] = [
  blade,
  chassis,
  cabinet,
  ({ cage, node }) => cage * NODES + node,
  (_place, made_week) => (Number.isNaN(made_week) ? -1 : made_week),
  () => 0,
];

function featuresOf(
  gpu: GpuMemory,
  place: Place,
  here: { readonly events: number; readonly last: number } | undefined,
  groups: readonly Group[],
  at: number,
): number[] {
  const last = gpu.events.at(-1);
  return [
    at - gpu.first_insert,
    at - (gpu.stays.at(-1)?.from ?? at),
    gpu.stays.length,
    gpu.made_week / 52,
    1970 + gpu.first_insert / YEAR_DAYS,
    place.column,
    place.row,
    place.cage,
    place.slot,
    place.node,
    gpu.dbe,
    gpu.otb,
    last === undefined ? Number.NaN : at - last,
    here?.events ?? 0,
    here === undefined ? Number.NaN : at - here.last,
    ...groups.map(({ keyOf, counts }) => counts.rate(keyOf(place, gpu.made_week), at)),
  ];
}

/** Weeks since 2000 that a serial number says it was made in: 032 37 12 ..., week 37 of 2012; NaN for others. */
function madeWeek(serial: string): number {
  const week = Number(serial.slice(3, 5));
  const year = Number(serial.slice(5, 7));
  return serial.length === 13 && week >= 1 && week <= 53 && year >= 10 && year <= 19 ? year * 52 + week : Number.NaN;
}
