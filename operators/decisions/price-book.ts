import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { z } from 'zod';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import {
  MODEL_FIGURES,
  type ModelFigure,
  type PriceBook,
  priceBookSchema,
  SITE_FIGURES,
  type SiteFigure,
  SOLD_GRADES,
  type SoldGrade,
  UNKNOWN_MODEL,
  WORKLOAD_TIERS,
  type WorkloadTier,
} from './price-book-schema.ts';

/** The figures that hold for one board, without their sources. */
export interface ModelPrices extends Readonly<Record<ModelFigure | SiteFigure, number>> {
  /** The entry that they are from; `unknown` when none matched. */
  readonly entry: string;
  readonly assumed_tier: WorkloadTier;
  readonly rent_usd_per_hour: Readonly<Record<WorkloadTier, number>>;
  readonly disruption_usd: Readonly<Record<WorkloadTier, number>>;
  readonly residual_by_age_months: readonly (readonly [age_months: number, ratio: number])[];
  readonly residual_by_grade: Readonly<Record<SoldGrade, number>>;
  readonly performance_by_health: readonly (readonly [health: number, ratio: number])[];
}

const DEFAULT_FILE = fileURLToPath(new URL('../../deploy/price-book.yaml', import.meta.url));
const BYTES_MAX = 1_000_000;
const PROBLEMS_MAX = 50;

/**
 * The price book that is shipped, with a file's entries in their place: figures and curves one by one, lists as a whole, new
 * models beside the others. Null = as shipped. Throws GV-CLI-002 when a file cannot be read, GV-CFG-001 with every problem.
 */
export function loadPriceBook(file: string | null): PriceBook {
  const shipped = readYaml(DEFAULT_FILE);
  if (file === null) return checked(shipped, DEFAULT_FILE);
  return checked(overlaid(shipped, readYaml(file)), file);
}

function readYaml(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new VitalsError('GV-CLI-002', 'the price book cannot be read', file, { cause });
  }
  if (text.length > BYTES_MAX) throw new VitalsError('GV-CFG-001', 'a price book has at most 1 MB', file);
  let content: unknown;
  try {
    content = parse(text, (key, value: unknown) => {
      if (key === '__proto__') throw new Error('__proto__ is no name for an entry');
      return value;
    });
  } catch (cause) {
    const detail = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new VitalsError('GV-CFG-001', `the price book cannot be understood: ${detail}`, file, { cause });
  }
  if (content === null || content === undefined) return {};
  if (!isObject(content)) throw new VitalsError('GV-CFG-001', 'a price book must hold entries by name', file);
  return content;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A figure or curve is replaced with its source: another's number must never stand beside ours. */
function overlaid(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over) || Object.hasOwn(base, 'source')) return over;
  return Object.fromEntries([
    ...Object.entries(base).filter(([key]) => !Object.hasOwn(over, key)),
    ...Object.entries(over).map(([key, value]) => [key, Object.hasOwn(base, key) ? overlaid(base[key], value) : value]),
  ]);
}

function checked(content: unknown, file: string): PriceBook {
  const parsed = priceBookSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap(inWords);
  const more = problems.length > PROBLEMS_MAX ? [`and ${problems.length - PROBLEMS_MAX} more`] : [];
  throw new VitalsError('GV-CFG-001', [...problems.slice(0, PROBLEMS_MAX), ...more].join('; '), file, {
    action: 'Mend the entries named; deploy/price-book.yaml shows every one with its unit.',
  });
}

function inWords(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.map(String);
  const place = (path.at(-1) === 'value' ? path.slice(0, -1) : path).join('.') || 'the file';
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${[...path, key].join('.')}: there is no such entry`);
  if (issue.code === 'invalid_key') return [`${place}: ${issue.issues.map(({ message }) => message).join(', ')}`];
  return [`${place}: ${issue.message}`];
}

const wordsOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');

/**
 * The prices of a model as its exporter names it (`NVIDIA A100-SXM4-80GB`): those of the entry with the most matching words,
 * all of which must be there; of equal ones the first. None: the entry for unknown models.
 */
export function findPrices(book: PriceBook, model: string): ModelPrices {
  const words = new Set(wordsOf(model));
  let best = { entry: UNKNOWN_MODEL, matched: 0 };
  for (const [entry, { match }] of Object.entries(book.models)) {
    for (const alternative of match) {
      const wanted = wordsOf(alternative);
      if (wanted.length > best.matched && wanted.every((word) => words.has(word)))
        best = { entry, matched: wanted.length };
    }
  }
  const found = book.models[best.entry] as PriceBook['models'][string];
  return {
    entry: best.entry,
    assumed_tier: found.assumed_tier,
    ...valuesOf(found, Object.keys(MODEL_FIGURES) as ModelFigure[]),
    ...valuesOf(book.site, Object.keys(SITE_FIGURES) as SiteFigure[]),
    rent_usd_per_hour: valuesOf(found.rent_usd_per_hour, WORKLOAD_TIERS),
    disruption_usd: valuesOf(book.disruption_usd, WORKLOAD_TIERS),
    residual_by_age_months: book.residual_by_age_months.points,
    residual_by_grade: valuesOf(book.residual_by_grade, SOLD_GRADES),
    performance_by_health: book.performance_by_health.points,
  };
}

const valuesOf = <K extends string>(
  from: Readonly<Record<K, { readonly value: number }>>,
  names: readonly K[],
): Record<K, number> => Object.fromEntries(names.map((name) => [name, from[name].value])) as Record<K, number>;
