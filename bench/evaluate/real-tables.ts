import type { CaptureFigures } from './captures.ts';
import { counted, type FigureTable, number } from './in-figures.ts';
import type { NabReport } from './nab.ts';

export function nabTables({ series, windows, detectors, published }: NabReport): FigureTable[] {
  const profiles = Object.keys(detectors[0]?.best ?? {});
  const best_first = Object.entries(published).sort(([, a], [, b]) => (b.standard ?? 0) - (a.standard ?? 0));
  return [
    {
      title: `NAB: ${series} series, ${windows} labelled windows; 0 says nothing, 100 is perfect. Threshold the best for all series together, as NAB gives every detector, beside that of the product`,
      header: ['detector', ...profiles, 'windows found', 'false readings', 'as shipped', 'found', 'false'],
      rows: detectors.map(({ detector, best, shipped }) => {
        const standard = best.standard;
        return [
          detector,
          ...profiles.map((name) => number(best[name]?.score ?? null)),
          standard ? `${standard.windows_found} of ${standard.windows}` : '-',
          String(standard?.false_readings ?? '-'),
          number(shipped?.standard?.score ?? null),
          shipped?.standard ? `${shipped.standard.windows_found} of ${shipped.standard.windows}` : '-',
          String(shipped?.standard?.false_readings ?? '-'),
        ];
      }),
    },
    {
      title: 'NAB as published: over its whole corpus of 58 series, so beside the table above and not in it',
      header: ['detector', ...profiles],
      rows: best_first.map(([name, scores]) => [name, ...profiles.map((profile) => number(scores[profile] ?? null))]),
    },
  ];
}

export const captureTable = (captures: readonly CaptureFigures[]): FigureTable => ({
  title: 'Recordings of real GPUs: nothing may be critical',
  header: ['file', 'GPUs', 'critical', 'warning', 'info', 'health', 'types'],
  rows: captures.map(({ file, gpus, count, health, by_type }) => [
    file,
    String(gpus),
    String(count.critical),
    String(count.warning),
    String(count.info),
    health === null ? '-' : `${number(health.lowest)}..${number(health.highest)} ${counted(health.grades)}`,
    Object.keys(by_type).join(', '),
  ]),
});
