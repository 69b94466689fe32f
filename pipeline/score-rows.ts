import { createScorer, transformRows } from '../models/xgboost/score.ts';
import { createExplainer } from '../models/xgboost/shap.ts';
import type { TreeModel } from '../models/xgboost/tree-model.ts';
import { VitalsError } from './contract/errors.ts';
import { csvNumber } from './csv-number.ts';
import type { CsvRow } from './csv-rows.ts';

export interface ScoreRowsOptions {
  readonly model: TreeModel;
  /** Records of a CSV, header first, as csvRows gives them. */
  readonly rows: AsyncIterable<readonly CsvRow[]>;
  /** Name of the CSV in errors. */
  readonly where: string;
  readonly margin: boolean;
  readonly contributions: boolean;
  /** Told once when columns are taken by their order and some are left over. */
  readonly note?: (text: string) => void;
}

/** Numbers of contributions held at once, and rows. */
const CELLS_MAX = 2 ** 21;
const ROWS_MAX = 2_048;

/**
 * JSON lines, one a row of the CSV, in its order: `{"prediction", "margin"?, "contributions"?: {feature: n, ..., "bias": n}}`, lists
 * with one entry a class where the model has several outputs (multi:softmax predicts the class itself). Yields text of up to
 * 2,048 lines at a time. Columns are found by the model's feature names, or by f0, f1 ... or their order when it has none.
 * Throws VitalsError GV-MDL-003 for a column that is missing and a cell that is no number, naming column and line.
 */
export async function* scoreRows(options: ScoreRowsOptions): AsyncGenerator<string> {
  const { model, where } = options;
  const { feature_count } = model;
  const size = Math.min(Math.max(Math.floor(CELLS_MAX / (model.groups * (feature_count + 1))), 1), ROWS_MAX);
  const cells = new Float32Array(size * feature_count);
  const write = createWriter(options, size);
  let header: readonly string[] | null = null;
  let columns: readonly number[] = [];
  let filled = 0;
  for await (const records of options.rows) {
    for (const { line, cells: texts } of records) {
      if (header === null) {
        header = texts.map((text) => text.trim());
        columns = findColumns(options, header);
        continue;
      }
      if (texts.length !== header.length) {
        throw new VitalsError(
          'GV-MDL-003',
          `line ${line} has ${texts.length} cells, the header ${header.length}`,
          where,
        );
      }
      const at = filled * feature_count;
      for (let f = 0; f < feature_count; f++) {
        const column = columns[f] as number;
        const value = csvNumber(texts[column] as string);
        if (value === null) {
          const text = (texts[column] as string).slice(0, 40);
          throw new VitalsError('GV-MDL-003', `line ${line}, column ${header[column]}: ${text} is no number`, where);
        }
        cells[at + f] = value;
      }
      filled += 1;
      if (filled === size) {
        yield write(cells, filled);
        filled = 0;
      }
    }
  }
  if (header === null) throw new VitalsError('GV-MDL-003', 'the CSV is empty', where);
  if (filled > 0) yield write(cells, filled);
}

/** The CSV's column of each feature. */
function findColumns({ model, where, note }: ScoreRowsOptions, header: readonly string[]): readonly number[] {
  const { feature_count, feature_names } = model;
  const refuse = (what: string): never => {
    throw new VitalsError('GV-MDL-003', what, where);
  };
  const places = new Map<string, number>();
  const twice = new Set<string>();
  header.forEach((name, column) => {
    if (places.has(name)) twice.add(name);
    places.set(name, column);
  });
  const named = feature_names.length > 0;
  const names = named ? feature_names : Array.from({ length: feature_count }, (_, f) => `f${f}`);
  const missing = names.filter((name) => !places.has(name.trim()));
  if (!named && missing.length > 0) {
    if (header.length < feature_count) {
      return refuse(`the CSV has ${header.length} columns, the model ${feature_count} features without names`);
    }
    if (header.length > feature_count) {
      const over = header.slice(feature_count);
      note?.(
        `the model has no feature names: its ${feature_count} features are the first columns, ${over.join(', ')} left out`,
      );
    }
    return names.map((_, f) => f);
  }
  if (missing.length > 0) {
    const shown = missing.slice(0, 10).join(', ');
    const more = missing.length > 10 ? ` and ${missing.length - 10} more` : '';
    return refuse(`the CSV has no column ${shown}${more}`);
  }
  const doubtful = names.find((name) => twice.has(name.trim()));
  if (doubtful !== undefined) return refuse(`the column ${doubtful} is there twice`);
  return names.map((name) => places.get(name.trim()) as number);
}

function createWriter(options: ScoreRowsOptions, size: number): (rows: Float32Array, count: number) => string {
  const { model, margin: with_margin, contributions: with_contributions } = options;
  const { groups, feature_count, feature_names } = model;
  const scorer = createScorer(model);
  const explainer = with_contributions ? createExplainer(model) : null;
  const margins = new Float64Array(size * groups);
  const predictions = new Float64Array(size * scorer.outputs);
  const width = feature_count + 1;
  const shares = new Float64Array(explainer === null ? 0 : size * groups * width);
  const names = Array.from({ length: feature_count }, (_, f) => feature_names[f] ?? `f${f}`);
  if (with_contributions && names.includes('bias')) {
    throw new VitalsError(
      'GV-MDL-002',
      'the model has a feature called bias, which contributions keep for the bias',
      '',
    );
  }
  const keys = [...names, 'bias'].map((name, i) => `${i === 0 ? '' : ','}${JSON.stringify(name)}:`);

  const contributionsOf = (row: number, group: number): string => {
    const at = (row * groups + group) * width;
    let text = '{';
    for (let f = 0; f < width; f++) text += keys[f] + numberText(shares[at + f] as number);
    return `${text}}`;
  };
  return (rows, count) => {
    scorer.margins(rows, count, margins);
    transformRows(model, margins, count, predictions);
    explainer?.contributions(rows, count, shares);
    let text = '';
    for (let r = 0; r < count; r++) {
      text += `{"prediction":${listText(predictions, r, scorer.outputs)}`;
      if (with_margin) text += `,"margin":${listText(margins, r, groups)}`;
      if (explainer !== null) {
        const objects = Array.from({ length: groups }, (_, g) => contributionsOf(r, g));
        text += `,"contributions":${groups === 1 ? objects[0] : `[${objects.join(',')}]`}`;
      }
      text += '}\n';
    }
    return text;
  };
}

function listText(values: Float64Array, row: number, width: number): string {
  if (width === 1) return numberText(values[row] as number);
  return `[${Array.from(values.subarray(row * width, (row + 1) * width), numberText).join(',')}]`;
}

/** What overflows f32 or exp has no number in JSON. */
const numberText = (value: number): string => (Number.isFinite(value) ? String(value) : 'null');
