import { type DiskDays, SMART } from './read-disks.ts';

export const HORIZON_DAYS = 7;

const MAKERS = ['HITACHI', 'ST', 'WDC'] as const;
/** Days back that changes are told over. */
const LAGS = [1, 3, 7] as const;
/** Attributes of which a change says something. */
const CHANGING = [0, 1, 4] as const;
/** Sectors that were replaced, and those that wait for it. */
const REPLACED = 1;
const PENDING = 4;
const TEMPERATURE = 3;

export const DISK_FEATURES: readonly string[] = [
  ...SMART,
  ...CHANGING.flatMap((k) => LAGS.map((lag) => `${SMART[k]}_gained_${lag}d`)),
  's5_days_since_rise',
  's197_days_since_rise',
  's194_above_week',
  'capacity_tb',
  ...MAKERS.map((maker) => `maker_${maker.toLowerCase()}`),
];

/** Days of drives with what was known by the end of each, and what became of them. */
export interface DiskRows {
  readonly rows: number;
  /** `rows` x DISK_FEATURES.length, NaN = unknown. */
  readonly values: Float32Array;
  readonly day: Uint16Array;
  readonly drive: Uint32Array;
  /** Day of the drive's failure; 0 = none was seen. */
  readonly failed_on: Uint16Array;
  /** Last day on which the drive was seen. */
  readonly seen_until: Uint16Array;
}

interface Past {
  /** Newest last, at most a week and a day of them. */
  readonly days: number[];
  readonly smart: number[][];
  replaced_rise: number;
  pending_rise: number;
}

/**
 * Features of every day of every drive, from that day and those before it. The day of a failure is left out, and so is what a
 * drive says after it: there is nothing to foresee any more. One pass over the days.
 */
export function diskRows(disks: DiskDays): DiskRows {
  const width = DISK_FEATURES.length;
  const drives = disks.drive.reduce((most, drive) => Math.max(most, drive + 1), 0);
  const failed_on = new Uint16Array(drives);
  const seen_until = new Uint16Array(drives);
  for (let i = 0; i < disks.rows; i++) {
    const drive = disks.drive[i] as number;
    const day = disks.day[i] as number;
    seen_until[drive] = Math.max(seen_until[drive] as number, day);
    if (disks.failed[i] === 1 && failed_on[drive] === 0) failed_on[drive] = day;
  }
  const values = new Float32Array(disks.rows * width);
  const day = new Uint16Array(disks.rows);
  const drive = new Uint32Array(disks.rows);
  const pasts = new Map<number, Past>();
  let rows = 0;
  for (let i = 0; i < disks.rows; i++) {
    const own = disks.drive[i] as number;
    const today = disks.day[i] as number;
    const failure = failed_on[own] as number;
    if (failure !== 0 && today >= failure) continue;
    const past = pasts.get(own) ?? { days: [], smart: [], replaced_rise: Number.NaN, pending_rise: Number.NaN };
    pasts.set(own, past);
    const smart = Array.from(disks.smart.subarray(i * SMART.length, (i + 1) * SMART.length));
    remember(past, today, smart);
    values.set(featuresOf(past, disks.capacity[own] ?? Number.NaN, disks.maker[own] ?? ''), rows * width);
    day[rows] = today;
    drive[rows] = own;
    rows += 1;
  }
  return {
    rows,
    values: values.subarray(0, rows * width),
    day: day.subarray(0, rows),
    drive: drive.subarray(0, rows),
    failed_on,
    seen_until,
  };
}

function remember(past: Past, today: number, smart: number[]): void {
  const before = past.smart.at(-1);
  if (before !== undefined) {
    if ((smart[REPLACED] as number) > (before[REPLACED] as number)) past.replaced_rise = today;
    if ((smart[PENDING] as number) > (before[PENDING] as number)) past.pending_rise = today;
  }
  past.days.push(today);
  past.smart.push(smart);
  while ((past.days[0] as number) < today - Math.max(...LAGS)) {
    past.days.shift();
    past.smart.shift();
  }
}

function featuresOf(past: Past, capacity: number, maker: string): number[] {
  const smart = past.smart.at(-1) as number[];
  const today = past.days.at(-1) as number;
  const week = past.smart.map((one) => one[TEMPERATURE] as number).filter((value) => !Number.isNaN(value));
  return [
    ...smart,
    ...CHANGING.flatMap((k) =>
      LAGS.map((lag) => {
        const then = past.days.indexOf(today - lag);
        return then < 0 ? Number.NaN : (smart[k] as number) - ((past.smart[then] as number[])[k] as number);
      }),
    ),
    today - past.replaced_rise,
    today - past.pending_rise,
    (smart[TEMPERATURE] as number) - week.reduce((sum, value) => sum + value, 0) / week.length,
    capacity / 1e12,
    ...MAKERS.map((one) => Number(maker === one)),
  ];
}

/**
 * What was known on `until` of a day of a drive: 1 = it failed within the week after, 0 = it was seen a week later, NaN = nobody
 * knew yet, or ever will.
 */
export function diskOutcome({ day, drive, failed_on, seen_until }: DiskRows, row: number, until: number): number {
  const today = day[row] as number;
  const own = drive[row] as number;
  if (today + HORIZON_DAYS > until) return Number.NaN;
  const failure = failed_on[own] as number;
  if (failure !== 0 && failure - today <= HORIZON_DAYS) return 1;
  return (seen_until[own] as number) >= today + HORIZON_DAYS ? 0 : Number.NaN;
}
