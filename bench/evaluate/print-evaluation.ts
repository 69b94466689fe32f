import type { CaptureFigures } from './captures.ts';
import type { Evaluation } from './evaluate.ts';
import type { FalseAlarmFigures, PerSeverity } from './false-alarm-figures.ts';
import type { HealthFigures } from './health-figures.ts';
import type { NabReport } from './nab.ts';
import type { StormFigures } from './sbe-storm.ts';
import type { SimulatedReport } from './simulated.ts';
import type { StoryFigures } from './story-figures.ts';
import { textTable } from './text-table.ts';

/** The evaluation as tables for people. */
export function printEvaluation(evaluation: Evaluation): string {
  const { simulated, nab, captures, storm, skipped } = evaluation;
  const parts = [
    ...(simulated ? simulatedTables(simulated) : []),
    ...(nab ? nabTables(nab) : []),
    ...(captures ? [captureTable(captures)] : []),
    ...(storm ? [stormTable(storm)] : []),
    ...Object.entries(skipped).map(([part, reason]) => `${part}: left out, ${reason}\n`),
  ];
  return parts.join('\n');
}

const number = (value: number | null, digits = 1): string => (value === null ? '-' : value.toFixed(digits));
const percent = (ratio: number | null): string => (ratio === null ? '-' : `${Math.round(ratio * 100)} %`);
const counted = (counts: Readonly<Record<string, number>>, most = 3): string =>
  Object.entries(counts)
    .slice(0, most)
    .map(([name, n]) => (n === 1 ? name : `${name} x${n}`))
    .join(', ');

function duration(seconds: number | null): string {
  if (seconds === null) return '-';
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

function simulatedTables(report: SimulatedReport): string[] {
  const { stories, false_alarms, health, gpus, days, seed, rows, unplaced, breaches } = report;
  const clean = false_alarms[0] as FalseAlarmFigures;
  return [
    `Simulated fleet: ${gpus} GPUs, ${days} days, a scrape every ${report.interval_s} s, seed ${seed}, ${rows} rows.\n`,
    ...(Object.keys(unplaced).length > 0 ? [`No room for: ${counted(unplaced, 99)}\n`] : []),
    ...(Object.keys(breaches).length > 0 ? [`Rules of anomalies broken: ${counted(breaches, 99)}\n`] : []),
    `Faults: warning or critical told from the beginning to half an hour after the end\n${storyTable(stories)}`,
    `False alarms, where nothing was wrong: anomalies, and their rates per 1,000 GPU-days\n${falseAlarmTable(false_alarms)}`,
    ...(Object.keys(clean.by_type).length > 0 ? [`False alarms on clean GPUs by detector\n${typeTable(clean)}`] : []),
    ...(report.clean_episodes === null && report.clean_incidents === null
      ? []
      : [
          `On clean GPUs per 1,000 GPU-days: ${number(report.clean_episodes)} episodes, ${number(report.clean_incidents)} incidents.\n`,
        ]),
    ...(health ? [`Health\n${healthTable(health)}`] : []),
  ];
}

const storyTable = (stories: readonly StoryFigures[]): string =>
  textTable(
    [
      'story',
      'n',
      'detected',
      'critical',
      'by luck',
      'delay p50',
      'p90',
      'in time',
      'lead p50',
      'episode',
      'incident',
      'seen first by',
    ],
    stories.map((one) => [
      one.story,
      String(one.instances),
      percent(one.detected_ratio),
      percent(one.critical_ratio),
      percent(one.luck_ratio),
      duration(one.delay_p50_s),
      duration(one.delay_p90_s),
      percent(one.warned_before_failure_ratio),
      duration(one.lead_p50_s),
      percent(one.episode_ratio),
      percent(one.incident_ratio),
      counted(one.first_seen_by),
    ]),
  );

const falseAlarmTable = (figures: readonly FalseAlarmFigures[]): string =>
  textTable(
    ['where', 'n', 'GPU-days', 'critical', 'warning', 'info', 'critical rate', 'warning rate', 'most of it'],
    figures.map((one) => [
      one.where,
      String(one.instances ?? ''),
      number(one.gpu_days),
      String(one.count.critical),
      String(one.count.warning),
      String(one.count.info),
      number(one.per_1000_gpu_days.critical),
      number(one.per_1000_gpu_days.warning),
      serious(one.by_type),
    ]),
  );

/** The types with most warnings and criticals. */
const serious = (by_type: Readonly<Record<string, PerSeverity>>): string =>
  Object.entries(by_type)
    .map(([type, { warning, critical }]) => [type, warning + critical] as const)
    .filter(([, n]) => n > 0)
    .sort(([, n], [, m]) => m - n)
    .slice(0, 3)
    .map(([type, n]) => `${type} x${n}`)
    .join(', ');

const typeTable = ({ by_type, gpu_days }: FalseAlarmFigures): string =>
  textTable(
    ['detector/type', 'critical', 'warning', 'info', 'per 1,000 GPU-days above info'],
    Object.entries(by_type).map(([type, { info, warning, critical }]) => [
      type,
      String(critical),
      String(warning),
      String(info),
      number(((warning + critical) / gpu_days) * 1_000),
    ]),
  );

const graded = (grades: Readonly<Record<string, number>>): string =>
  Object.entries(grades)
    .map(([grade, share]) => `${grade} ${(share * 100).toFixed(share < 0.01 ? 2 : 0)} %`)
    .join(', ');

const healthTable = ({ clean, sick }: HealthFigures): string =>
  textTable(
    ['GPUs', 'score p50', 'p01', 'grades'],
    [
      [`clean, ${clean.scores} scores`, number(clean.p50), number(clean.p01), graded(clean.grades)],
      ...Object.entries(sick).map(([story, { worst_p50, grades }]) => [
        `${story}, at its worst`,
        number(worst_p50),
        '',
        graded(grades),
      ]),
    ],
  );

function nabTables({ series, windows, detectors, published }: NabReport): string[] {
  const profiles = Object.keys(detectors[0]?.best ?? {});
  const best_first = Object.entries(published).sort(([, a], [, b]) => (b.standard ?? 0) - (a.standard ?? 0));
  return [
    `NAB: ${series} series, ${windows} labelled windows; 0 says nothing, 100 is perfect. Threshold the best for all series together, as NAB gives every detector, beside that of the product\n${textTable(
      ['detector', ...profiles, 'windows found', 'false readings', 'as shipped', 'found', 'false'],
      detectors.map(({ detector, best, shipped }) => {
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
    )}`,
    `NAB as published: over its whole corpus of 58 series, so beside the table above and not in it\n${textTable(
      ['detector', ...profiles],
      best_first.map(([name, scores]) => [name, ...profiles.map((profile) => number(scores[profile] ?? null))]),
    )}`,
  ];
}

const captureTable = (captures: readonly CaptureFigures[]): string =>
  `Recordings of real GPUs: nothing may be critical\n${textTable(
    ['file', 'GPUs', 'critical', 'warning', 'info', 'health', 'types'],
    captures.map(({ file, gpus, count, health, by_type }) => [
      file,
      String(gpus),
      String(count.critical),
      String(count.warning),
      String(count.info),
      health === null ? '-' : `${number(health.lowest)}..${number(health.highest)} ${counted(health.grades)}`,
      Object.keys(by_type).join(', '),
    ]),
  )}`;

const stormTable = (storm: readonly StormFigures[]): string =>
  `17,700 corrected errors a second, none uncorrectable: critical within 2 minutes\n${textTable(
    ['case', 'warning after', 'critical after', 'told beside it', 'types'],
    storm.map((one) => [
      one.name,
      duration(one.warned_after_s),
      duration(one.critical_after_s),
      String(one.false_alarms),
      one.critical_types.join(', '),
    ]),
  )}`;
