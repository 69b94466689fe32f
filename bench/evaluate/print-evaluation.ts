import type { Evaluation } from './evaluate.ts';
import type { FigureTable } from './in-figures.ts';
import {
  foreignPredictionTables,
  realPredictionTables,
  simulatedPredictionNotes,
  simulatedPredictionTables,
} from './prediction/prediction-tables.ts';
import { captureTable, nabTables } from './real-tables.ts';
import { simulatedNotes, simulatedTables, stormTable } from './simulated-tables.ts';
import { textTable } from './text-table.ts';

/** The evaluation as tables for people at a terminal. */
export function printEvaluation(evaluation: Evaluation): string {
  const { simulated, nab, captures, storm, prediction, skipped } = evaluation;
  const text = ({ title, header, rows }: FigureTable): string => `${title}\n${textTable(header, rows)}`;
  const parts = [
    ...(simulated ? [`${simulatedNotes(simulated).join('\n')}\n`, ...simulatedTables(simulated).map(text)] : []),
    ...(nab ? nabTables(nab).map(text) : []),
    ...(captures ? [text(captureTable(captures))] : []),
    ...(storm ? [text(stormTable(storm))] : []),
    ...(prediction
      ? [
          `${simulatedPredictionNotes(prediction).join('\n')}\n`,
          ...simulatedPredictionTables(prediction).map(text),
          ...realPredictionTables(prediction).map(text),
          ...foreignPredictionTables(prediction).map(text),
        ]
      : []),
    ...Object.entries({ ...skipped, ...prediction?.skipped }).map(([part, reason]) => `${part}: left out, ${reason}\n`),
  ];
  return parts.join('\n');
}
