import type { FigureTable } from '../in-figures.ts';
import { calibrationTable, riskTable } from '../prediction/risk-tables.ts';
import type { DiskFigures } from './disk-figures.ts';

export function diskTables(figures: DiskFigures): FigureTable[] {
  const { reports, drives, failures, from, to, split, failures_before } = figures;
  const [first] = reports;
  return [
    riskTable(
      `Backblaze, ${drives} real hard disks, ${from} to ${to}, ${failures} of which failed: failure within 7 days, learned from what was known on ${split} (${failures_before} failures), judged on ${first?.rows ?? 0} drive-days after it, no drive on both sides; 90 % intervals by drawing drives`,
      reports,
    ),
    calibrationTable(
      'Backblaze, real disks: foreseen beside what happened within 7 days; 95 % intervals, drives as cases',
      reports.filter(({ model }) => model === 'boosting' || model === 'cox'),
    ),
  ];
}
