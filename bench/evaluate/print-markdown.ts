import type { Evaluation } from './evaluate.ts';
import { counted, duration, type FigureTable, percent } from './in-figures.ts';
import {
  foreignPredictionTables,
  realPredictionTables,
  simulatedPredictionNotes,
  simulatedPredictionTables,
} from './prediction/prediction-tables.ts';
import { captureTable, nabTables } from './real-tables.ts';
import { detectorTable, falseAlarmTable, healthTable, simulatedNotes, stormTable } from './simulated-tables.ts';
import type { StoryFigures } from './story-figures.ts';

/** How the figures came about. */
export interface Provenance {
  /** ISO 8601. */
  readonly at: string;
  readonly seed: number;
  readonly commit: string;
  readonly command: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly took_s: number;
}

const OURS =
  'The fleet is simulated, and the simulator, its faults and its look-alikes are ours: these figures show that faults of the kinds it knows are told apart from what only looks like one, not how a real fleet will do.';
const FORESEEN =
  'Every figure in this section is of a simulated fleet: how well the model knows the simulation, not how well it foresees failures of real GPUs.';
const MACHINERY =
  'The same kinds of models, trained on real failures, each on its own: GPUs of Titan (no telemetry, only when and where they were and failed), and hard disks. The shipped model has no part in it.';
const TURBOFANS = 'The same kinds of models on what NASA simulated, beside a published figure.';
const RUNS = 'Recordings of boards without a known fault, and series that others have labelled.';

/** The evaluation for a README: what is simulated and what is real apart, each figure with where it comes from. */
export function printMarkdown(evaluation: Evaluation, from: Provenance): string {
  const { simulated, nab, captures, storm, prediction, skipped } = evaluation;
  const sections = [
    `${from.at.slice(0, 10)}, seed ${from.seed}, commit ${from.commit}, \`${from.command}\`, ${duration(from.took_s)} on ${from.machine.cores} x ${from.machine.cpu}, Node ${from.machine.node}.`,
  ];
  if (simulated || storm) sections.push('### Simulated', OURS);
  if (simulated) {
    const { stories, false_alarms, detectors, health } = simulated;
    const tables = [storyTable(stories), falseAlarmTable(false_alarms), detectorTable(detectors)];
    sections.push(simulatedNotes(simulated).join(' '), ...tables.map(markdown));
    if (health) sections.push(markdown(healthTable(health)));
  }
  if (storm) sections.push(markdown(stormTable(storm)));
  if (nab || captures) {
    sections.push('### Real', RUNS);
    if (nab) sections.push(...nabTables(nab).map(markdown));
    if (captures) sections.push(markdown(captureTable(captures)));
  }
  if (prediction) {
    sections.push('### Prediction: simulated', FORESEEN, simulatedPredictionNotes(prediction).join(' '));
    sections.push(...simulatedPredictionTables(prediction).map(markdown));
    const real = realPredictionTables(prediction);
    if (real.length > 0) sections.push('### Prediction: real', MACHINERY, ...real.map(markdown));
    const foreign = foreignPredictionTables(prediction);
    if (foreign.length > 0) sections.push('### Prediction: simulated by others', TURBOFANS, ...foreign.map(markdown));
  }
  sections.push(
    ...Object.entries({ ...skipped, ...prediction?.skipped }).map(([part, reason]) => `Left out: ${part} (${reason}).`),
  );
  return `${sections.join('\n\n')}\n`;
}

/** The table of faults with what a reader asks first; all of it is in the table for terminals. */
const storyTable = (stories: readonly StoryFigures[]): FigureTable => ({
  title:
    'Faults told to a person, from their beginning to half an hour after their end; in time: before the failure that a warning should come before, where there is one',
  header: ['fault', 'n', 'told', 'critical', 'after p50', 'p90', 'in time', 'lead p50', 'told first as'],
  rows: stories.map((one) => [
    one.story,
    String(one.instances),
    percent(one.detected_ratio),
    percent(one.critical_ratio),
    duration(one.delay_p50_s),
    duration(one.delay_p90_s),
    percent(one.warned_before_failure_ratio),
    duration(one.lead_p50_s),
    counted(one.first_kind, 2),
  ]),
});

function markdown({ title, header, rows }: FigureTable): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [`${title}:`, '', line(header), `|${header.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
