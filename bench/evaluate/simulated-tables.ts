import type { DetectorFigures } from './detector-figures.ts';
import type { FalseAlarmFigures, PerSeverity } from './false-alarm-figures.ts';
import type { HealthFigures } from './health-figures.ts';
import { counted, duration, type FigureTable, number, percent } from './in-figures.ts';
import type { StormFigures } from './sbe-storm.ts';
import type { SimulatedReport } from './simulated.ts';
import type { StoryFigures } from './story-figures.ts';

/** Sentences above the tables: what was run, and what went wrong in it. */
export function simulatedNotes(report: SimulatedReport): string[] {
  const { gpus, days, seed, rows, interval_s, unplaced, breaches, refused, cost } = report;
  const optional = Object.entries(cost.optional_s_per_million_rows).map(([step, s]) => `${step} ${number(s)} s`);
  return [
    `Simulated fleet: ${gpus} GPUs, ${days} days, a scrape every ${interval_s} s, seed ${seed}, ${rows} rows.`,
    ...(Object.keys(unplaced).length > 0 ? [`No room for: ${counted(unplaced, 99)}.`] : []),
    ...(Object.keys(breaches).length > 0 ? [`Rules of anomalies broken: ${counted(breaches, 99)}.`] : []),
    `${refused.values} values refused as made up, ${refused.where_nothing_was_wrong} of them on nodes without a fault.`,
    `The topology took ${number(cost.cpu_s_per_million_rows)} CPU seconds per million rows${optional.length > 0 ? `; off by default, and not in it: ${optional.join(', ')}` : ''}. Memory of the whole process up to ${Math.round(cost.memory_bytes / 1e6)} MB.`,
  ];
}

export function simulatedTables({ stories, false_alarms, detectors, health }: SimulatedReport): FigureTable[] {
  const clean = false_alarms[0] as FalseAlarmFigures;
  return [
    storyTable(stories),
    falseAlarmTable(false_alarms),
    ...(Object.keys(clean.by_type).length > 0 ? [typeTable(clean)] : []),
    detectorTable(detectors),
    ...(health ? [healthTable(health)] : []),
  ];
}

const storyTable = (stories: readonly StoryFigures[]): FigureTable => ({
  title:
    'Faults: told as a warning or critical anomaly, as such an episode, as an incident, or (sensors) as refused values, from the beginning to half an hour after the end; right kind: of those with an episode, with one of its own category',
  header: [
    'story',
    'n',
    'detected',
    'critical',
    'by luck',
    'delay p50',
    'p90',
    'in time',
    'lead p50',
    'anomaly',
    'episode',
    'incident',
    'refused',
    'right kind',
    'first kind',
    'seen first by',
  ],
  rows: stories.map((one) => [
    one.story,
    String(one.instances),
    percent(one.detected_ratio),
    percent(one.critical_ratio),
    percent(one.luck_ratio),
    duration(one.delay_p50_s),
    duration(one.delay_p90_s),
    percent(one.warned_before_failure_ratio),
    duration(one.lead_p50_s),
    percent(one.told_ratio.anomaly),
    percent(one.told_ratio.episode),
    percent(one.told_ratio.incident),
    percent(one.told_ratio['refused value']),
    percent(one.category_ratio),
    counted(one.first_kind),
    counted(one.first_seen_by),
  ]),
});

export const falseAlarmTable = (figures: readonly FalseAlarmFigures[]): FigureTable => ({
  title:
    'False alarms, where nothing was wrong: anomalies, warning or critical episodes, incidents; rates per 1,000 GPU-days',
  header: [
    'where',
    'n',
    'GPU-days',
    'critical',
    'warning',
    'info',
    'episodes',
    'incidents',
    'critical rate',
    'warning rate',
    'most of it',
  ],
  rows: figures.map((one) => [
    one.where,
    String(one.instances ?? ''),
    number(one.gpu_days),
    String(one.count.critical),
    String(one.count.warning),
    String(one.count.info),
    String(one.episodes),
    String(one.incidents),
    number(one.per_1000_gpu_days.critical),
    number(one.per_1000_gpu_days.warning),
    serious(one.by_type),
  ]),
});

/** The types with most warnings and criticals. */
const serious = (by_type: Readonly<Record<string, PerSeverity>>): string =>
  Object.entries(by_type)
    .map(([type, { warning, critical }]) => [type, warning + critical] as const)
    .filter(([, n]) => n > 0)
    .sort(([, n], [, m]) => m - n)
    .slice(0, 3)
    .map(([type, n]) => `${type} x${n}`)
    .join(', ');

const typeTable = ({ by_type, gpu_days }: FalseAlarmFigures): FigureTable => ({
  title: 'False alarms on clean GPUs by detector and type',
  header: ['detector/type', 'critical', 'warning', 'info', 'per 1,000 GPU-days above info'],
  rows: Object.entries(by_type).map(([type, { info, warning, critical }]) => [
    type,
    String(critical),
    String(warning),
    String(info),
    number(((warning + critical) / gpu_days) * 1_000),
  ]),
});

export const detectorTable = (detectors: readonly DetectorFigures[]): FigureTable => ({
  title:
    'Detectors by themselves: faults that their anomalies told; alone = told by nothing else that is on, at any severity; rates on clean GPUs per 1,000 GPU-days',
  header: ['detector', 'default', 'seen', 'as warning', 'alone', 'critical rate', 'warning rate', 'info rate'],
  rows: detectors.map((one) => [
    one.detector,
    one.on ? 'on' : 'off',
    `${one.seen} of ${one.faults}`,
    `${one.warned} of ${one.faults}`,
    String(one.alone),
    number(one.per_1000_gpu_days.critical),
    number(one.per_1000_gpu_days.warning),
    number(one.per_1000_gpu_days.info),
  ]),
});

const graded = (grades: Readonly<Record<string, number>>): string =>
  Object.entries(grades)
    .map(([grade, share]) => `${grade} ${(share * 100).toFixed(share < 0.01 ? 2 : 0)} %`)
    .join(', ');

export const healthTable = ({ clean, sick }: HealthFigures): FigureTable => ({
  title: 'Health: clean GPUs at all times, sick ones at their worst',
  header: ['GPUs', 'score p50', 'p01', 'grades'],
  rows: [
    [`clean, ${clean.scores} scores`, number(clean.p50), number(clean.p01), graded(clean.grades)],
    ...Object.entries(sick).map(([story, { worst_p50, grades }]) => [story, number(worst_p50), '', graded(grades)]),
  ],
});

export const stormTable = (storm: readonly StormFigures[]): FigureTable => ({
  title: 'A published case acted out: 17,700 corrected errors a second, none uncorrectable; critical within 2 minutes',
  header: ['case', 'warning after', 'critical after', 'told beside it', 'types'],
  rows: storm.map((one) => [
    one.name,
    duration(one.warned_after_s),
    duration(one.critical_after_s),
    String(one.false_alarms),
    one.critical_types.join(', '),
  ]),
});
