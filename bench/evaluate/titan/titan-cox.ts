import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type CoxModel, fitCox } from '../../../models/survival/cox.ts';
import type { CoxTies } from '../../../models/survival/cox-sweep.ts';

/** Levels of where a GPU sat longest; the first of each is what the others are compared with. */
const LEVELS = { col: 25, row: 8, cage: 3, slot: 8, node: 4 } as const;

/** The Cox model of the study against a reference run of it: the largest distances. */
export interface TitanCoxFigures {
  readonly ties: CoxTies;
  readonly gpus: number;
  readonly failures: number;
  readonly terms: number;
  readonly coefficient_off: number;
  readonly standard_error_off: number;
  readonly z_off: number;
  /** Hazard of the hot top cage against the bottom one: fitted, and as published. */
  readonly top_cage_hazard_ratio: number;
  readonly top_cage_published: number;
}

/**
 * The Cox model of SC20: lifetimes of the GPUs that were there before 2016, by where each sat longest. Null where the folder
 * is not there. The reference takes times that are within a second or two of each other for ties, so the last digits differ.
 */
export function titanCox(folder: string, ties: CoxTies): TitanCoxFigures | null {
  const path = join(folder, 'gc_summary_loc.csv.gz');
  if (!existsSync(path)) return null;
  const model = publishedCox(gunzipSync(readFileSync(path)).toString(), ties);
  const reference = csv(readFileSync(join(folder, `cox_old_full_${ties}.csv`), 'utf8'));
  const off = (ours: Float64Array, column: string): number =>
    reference.reduce((worst, row) => {
      const mine = ours[model.names.indexOf(row.term ?? '')] as number;
      return Math.max(worst, Math.abs(mine - Number(row[column])));
    }, 0);
  const published = csv(readFileSync(join(folder, 'sc20_fig_cox_old_table_and_digitised_HR.csv'), 'utf8'));
  const top = published.find((row) => row.variable === 'cage' && row.level === '2');
  return {
    ties,
    gpus: model.rows,
    failures: model.events,
    terms: reference.length,
    coefficient_off: off(model.coefficients, 'coef'),
    standard_error_off: off(model.standard_errors, 'se'),
    z_off: off(model.z, 'z'),
    top_cage_hazard_ratio: Math.exp(model.coefficients[model.names.indexOf('cage2')] as number),
    top_cage_published: Number(top?.HR_digitised_from_vector_pdf),
  };
}

function publishedCox(text: string, ties: CoxTies): CoxModel {
  const rows = csv(text).filter((row) => row.batch === 'old');
  const names = Object.entries(LEVELS).flatMap(([variable, levels]) =>
    Array.from({ length: levels - 1 }, (_, level) => `${variable}${level + 1}`),
  );
  const column = new Map(names.map((name, j) => [name, j]));
  const covariates = new Float64Array(rows.length * names.length);
  rows.forEach((row, i) => {
    for (const variable of Object.keys(LEVELS)) {
      const j = column.get(`${variable}${row[variable]}`);
      if (j !== undefined) covariates[i * names.length + j] = 1;
    }
  });
  return fitCox(
    {
      stop: Float64Array.from(rows, (row) => Number(row.time)),
      events: Uint8Array.from(rows, (row) => (row.dead === 'TRUE' ? 1 : 0)),
      covariates,
      names,
    },
    { ties },
  );
}

function csv(text: string): Record<string, string>[] {
  const [header = '', ...lines] = text.trim().split(/\r?\n/);
  const names = header.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, j) => [names[j] ?? '', cell])));
}
