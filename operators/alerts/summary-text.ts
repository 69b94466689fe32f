import { instantText } from '../episodes/in-words.ts';
import type { AlertPlace } from './alert-place.ts';
import type { AlertRule, AlertSource } from './alert-rule.ts';
import type { Finding } from './finding.ts';
import { fieldOf, RULE_FIELDS } from './rule-fields.ts';

/** What a summary can say besides fields of the item. */
const WORDS = ['where', 'since', 'text', 'severity', 'category', 'rack', 'cluster', 'job', 'model'] as const;

const HOLE = /\{([a-z0-9_]+)\}/g;

/** Names in braces that no item of this table has. */
export const unknownHoles = (template: string, source: AlertSource): string[] =>
  [...template.matchAll(HOLE)]
    .map(([, name]) => name as string)
    .filter((name) => !(WORDS as readonly string[]).includes(name) && RULE_FIELDS[source][name] === undefined);

/** The values that a rule's summary asks for, while the item is at hand: numbers as people read them. */
export function holesOf<S extends AlertSource>(
  rule: AlertRule,
  item: Parameters<typeof fieldOf<S>>[1],
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [, name] of rule.summary.matchAll(HOLE)) {
    const kind = RULE_FIELDS[rule.on][name as string];
    if (kind === undefined || (WORDS as readonly string[]).includes(name as string)) continue;
    values[name as string] = inWords(fieldOf(rule.on as S, item, name as string), kind === 'ratio');
  }
  return values;
}

function inWords(value: unknown, ratio: boolean): string {
  if (value === null || value === undefined) return 'unknown';
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value !== 'number') return String(value);
  return ratio ? `${Number((100 * value).toPrecision(3))} %` : String(Number(value.toPrecision(4)));
}

/** A rule's summary about a finding: one sentence or two, first letter large. */
export function summaryText(
  rule: AlertRule,
  finding: Finding,
  place: AlertPlace,
  holes: Readonly<Record<string, string>>,
): string {
  const words: Readonly<Record<string, string>> = {
    where: whereText(finding, place),
    since: instantText(finding.since),
    text: finding.text,
    severity: finding.severity,
    category: finding.category,
    rack: place.rack,
    cluster: place.cluster,
    job: finding.job,
    model: place.model,
  };
  const text = rule.summary.replace(HOLE, (_, name: string) => words[name] ?? holes[name] ?? '');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `GPU-1 (slot 3) on node n-17, rack r2, in job j`, `node n-17, rack r2`, `rack r2`. */
function whereText({ gpu_uuid, instance, node, job, origin }: Finding, { rack, slot }: AlertPlace): string {
  const part = instance === '' ? '' : `instance ${instance} of `;
  const gpu = gpu_uuid === '' ? '' : `${part}${gpu_uuid}${slot === '' ? '' : ` (slot ${slot})`}`;
  const host = node === '' ? '' : `node ${node}`;
  const place = [gpu, host].filter((text) => text !== '').join(' on ');
  return (
    [
      ...(place === '' ? [] : [place]),
      ...(rack === '' ? [] : [`rack ${rack}`]),
      ...(job === '' ? [] : [`in job ${job}`]),
    ].join(', ') ||
    (origin ?? 'the fleet')
  );
}
