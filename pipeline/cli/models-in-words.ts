import type { AliasEntry } from '../../models/registry/alias-book.ts';
import type { ModelManifest } from '../../models/registry/manifest.ts';

type Described = ModelManifest & { readonly aliases: readonly string[] };

const FIGURES_SHOWN = 3;

/** Versions as a table, oldest first. */
export function modelTable(models: readonly Described[]): string {
  if (models.length === 0) return 'no models';
  const rows = models.map((model) => [
    String(model.version),
    model.aliases.join(' '),
    model.name,
    iso(model.created_at),
    model.trained_on,
    model.lineage.rows === null ? '' : String(model.lineage.rows),
    figures(model.metrics),
    model.note,
  ]);
  const header = ['version', 'aliases', 'name', 'created', 'trained on', 'rows', 'metrics', 'note'];
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] as string).length)));
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One version in full, its history and its card. */
export function modelCard(model: Described, history: readonly AliasEntry[]): string {
  const { lineage } = model;
  const { params, data_from, data_to, trigger, ...facts } = lineage;
  const lines: [string, string][] = [
    ['version', `${model.version}${model.aliases.length === 0 ? '' : ` (${model.aliases.join(', ')})`}`],
    ['name', model.name],
    ['created', iso(model.created_at)],
    ['trained on', model.trained_on === 'simulated' ? 'simulated fleets only' : model.trained_on],
    ['follows', model.parent_version === null ? '' : `version ${model.parent_version}`],
    [
      'trained for',
      trigger === null ? '' : `${trigger.what}, beside ${trigger.model}${trigger.why === '' ? '' : `: ${trigger.why}`}`,
    ],
    ['note', model.note],
    ['bundle', `${model.size_bytes} bytes, SHA-256 ${model.sha256}`],
    ['data', data_from === null || data_to === null ? '' : `${iso(data_from)} to ${iso(data_to)}`],
    ...Object.entries(facts).map(([key, value]): [string, string] => [key.replaceAll('_', ' '), `${value ?? ''}`]),
    ['parameters', Object.keys(params).length === 0 ? '' : JSON.stringify(params)],
    ...Object.entries(model.metrics).map(([key, value]): [string, string] => [`metric ${key}`, String(value)]),
    ...history.map((entry): [string, string] => ['history', inWords(entry)]),
  ];
  const known = lines.filter(([, value]) => value !== '');
  const width = Math.max(...known.map(([key]) => key.length));
  const text = known.map(([key, value]) => `${key.padEnd(width)}  ${value}`).join('\n');
  return model.card === '' ? text : `${text}\n\n${model.card}`;
}

function inWords({ at, alias, from, to, by, why }: AliasEntry): string {
  const move = to === null ? `${alias} taken from version ${from}` : `${alias} ${from ?? 'none'} -> ${to}`;
  return `${iso(at)} ${move} by ${by}${why === '' ? '' : `: ${why}`}`;
}

function figures(metrics: Readonly<Record<string, number>>): string {
  const all = Object.entries(metrics);
  const shown = all.slice(0, FIGURES_SHOWN).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
  return shown.join(', ') + (all.length > FIGURES_SHOWN ? ', ...' : '');
}

const iso = (at: number): string => (Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : String(at));
