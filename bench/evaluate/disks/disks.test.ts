import { describe, expect, it } from 'vitest';
import { treeDraws } from '../../../models/isolation-forest/tree-draws.ts';
import { driveFigures } from './disk-figures.ts';
import { DISK_FEATURES, diskOutcome, diskRows } from './disk-rows.ts';
import { diskTables } from './disk-tables.ts';
import { type DiskDays, disksOf, readDisks, SMART } from './read-disks.ts';

const HEADER = 'day,drive,failure,s1,s5,s9,s194,s197';
const DRIVES =
  'drive,serial_number,model,capacity_bytes\n0,A,Hitachi X,3000000000000\n1,B,ST3000,2000000000000\n2,C,,\n';

const date = (day: number): string => new Date(Date.UTC(2013, 3, 9 + day)).toISOString().slice(0, 10);

/** Days of two drives from 1 on: drive 0 replaces sectors from day 4 on and fails on day 12, drive 1 is seen until day 20. */
function madeDisks(until = 20): DiskDays {
  const lines: string[] = [];
  for (let day = 1; day <= until; day++) {
    if (day <= 14)
      lines.push(`${date(day)},0,${Number(day === 12)},${100 + day},${Math.max(0, day - 3)},${24 * day},30,0`);
    if (day !== 9) lines.push(`${date(day)},1,0,,0,${24 * day},${20 + (day % 2)},${Number(day > 6)}`);
  }
  return disksOf([[HEADER, ...lines].join('\n')], DRIVES, 'here');
}

interface Known {
  readonly day: string;
  readonly drive: number;
  readonly values: Readonly<Record<string, number>>;
}

function features(disks: DiskDays): Known[] {
  const rows = diskRows(disks);
  return Array.from({ length: rows.rows }, (_, row) => ({
    day: new Date((rows.day[row] as number) * 86_400_000).toISOString().slice(0, 10),
    drive: rows.drive[row] as number,
    values: Object.fromEntries(
      DISK_FEATURES.map((name, k) => [name, rows.values[row * DISK_FEATURES.length + k] as number]),
    ),
  }));
}

describe('what is known of a drive', () => {
  const all = features(madeDisks());
  const at = (drive: number, day: number) => all.find((one) => one.drive === drive && one.day === date(day))?.values;

  it('is its day and the week before', () => {
    expect(at(0, 11)).toMatchObject({
      s1: 111,
      s5: 8,
      s9: 264,
      s5_gained_1d: 1,
      s5_gained_3d: 3,
      s5_gained_7d: 7,
      s5_days_since_rise: 0,
      s197_gained_7d: 0,
      s194_above_week: 0,
      capacity_tb: 3,
      maker_hitachi: 1,
      maker_st: 0,
    });
    expect(at(0, 11)?.s197_days_since_rise).toBeNaN();
    expect(at(0, 3)?.s5_gained_3d).toBeNaN();
    expect(at(1, 12)).toMatchObject({ s197_days_since_rise: 5, s5_gained_1d: 0, maker_st: 1 });
    expect(at(1, 12)?.s5_gained_3d).toBeNaN();
    expect(at(1, 12)?.s1).toBeNaN();
  });

  it('does not change by what comes later', () => {
    expect(features(madeDisks(10))).toEqual(all.filter(({ day }) => day <= date(10)));
  });

  it('ends before the day of its failure', () => {
    expect(at(0, 11)).toBeDefined();
    expect(all.filter(({ drive, day }) => drive === 0 && day >= date(12))).toEqual([]);
  });
});

describe('outcomes', () => {
  const disks = madeDisks();
  const rows = diskRows(disks);
  const first = disks.day[0] as number;
  const outcome = (drive: number, day: number, until: number): number => {
    const row = Array.from({ length: rows.rows }, (_, k) => k).find(
      (k) => rows.drive[k] === drive && rows.day[k] === first + day - 1,
    );
    return diskOutcome(rows, row ?? -1, first + until - 1);
  };

  it.each([
    ['a failure within the week', 0, 6, 20, 1],
    ['a failure seven days later', 0, 5, 20, 1],
    ['a failure eight days later', 0, 4, 20, 0],
    ['a drive that is there a week later', 1, 6, 20, 0],
    ['a week that is not over', 0, 6, 12, Number.NaN],
    ['a drive that is not seen for so long', 1, 14, 20, Number.NaN],
    ['its last week', 1, 13, 20, 0],
  ])('%s', (_, drive, day, until, expected) => {
    expect(outcome(drive, day, until)).toBe(expected);
  });
});

describe('figures of a made-up fleet of drives', () => {
  const draw = treeDraws(5, 0);
  const lines: string[][] = Array.from({ length: 40 }, () => []);
  const drives = ['drive,serial_number,model,capacity_bytes'];
  for (let drive = 0; drive < 400; drive++) {
    drives.push(`${drive},S${drive},Hitachi X,3000000000000`);
    const fails = draw() < 0.4 ? Math.ceil(40 * draw()) : 99;
    for (let day = 1; day <= Math.min(40, fails); day++) {
      const worn = Math.max(0, 8 - (fails - day)) * 12;
      const s5 = worn + (draw() < 0.05 ? Math.round(20 * draw()) : 0);
      lines[day - 1]?.push(
        `${date(day)},${drive},${Number(day === fails)},5,${s5},${24 * day},${25 + Math.round(5 * draw())},0`,
      );
    }
  }
  const disks = disksOf([[HEADER, ...lines.flat()].join('\n')], drives.join('\n'), 'here');
  const figures = driveFigures(disks, { seed: 4, quick: true });

  it('foresee what announces itself, on drives and days that nothing was learned from', () => {
    expect(figures).toMatchObject({ drives: 400, drive_days: disks.rows, from: '2013-04-10', to: '2013-05-19' });
    expect(figures.failures).toBe(disks.failed.reduce((sum, one) => sum + one, 0));
    const [trees, cox, rule] = figures.reports;
    expect(trees?.auc?.value).toBeGreaterThan(0.95);
    expect(cox?.auc?.value).toBeGreaterThan(0.9);
    expect(rule?.auc?.value).toBeLessThan(trees?.auc?.value ?? 0);
    expect(trees?.foreseen_per_failure).toBeGreaterThan(0.5);
    expect(trees?.foreseen_per_failure).toBeLessThan(2);
    for (const { header, rows, title } of diskTables(figures)) {
      expect(title).toMatch(/^Backblaze/);
      for (const row of rows) expect(row).toHaveLength(header.length);
    }
  });

  it('foresee nothing where nothing announces itself', () => {
    const told = { ...disks, smart: disks.smart.map((value, at) => (at % SMART.length === 1 ? 0 : value)) };
    const [trees] = driveFigures(told, { seed: 4, quick: true }).reports;
    expect(trees?.auc?.value).toBeLessThan(0.7);
  });
});

describe('files', () => {
  it.each([
    ['another header', [`${HEADER},s9`]],
    ['days out of order', [`${HEADER}\n${date(2)},0,0,1,1,1,1,1\n${date(1)},0,0,1,1,1,1,1`]],
    ['what is no day', [`${HEADER}\nyesterday,0,0,1,1,1,1,1`]],
  ])('with %s are refused', (_, parts) => {
    expect(() => disksOf(parts, DRIVES, 'here')).toThrow(expect.objectContaining({ code: 'GV-CLI-002' }));
  });

  it('that are not there are told', () => {
    expect(readDisks('/nowhere')).toBeNull();
  });
});
