import { createHash } from 'node:crypto';
import type { Anomaly, Asset, Episode, HealthScore } from '../pipeline/contract/events.ts';
import { findMetric, METRICS } from '../pipeline/contract/metrics.ts';
import type { Decision, Prediction } from '../pipeline/contract/predictions.ts';
import { xidEntry } from '../pipeline/contract/xids.ts';
import { type EvidenceSeries, evidencePlot, shortNumber, utcMinute } from './evidence-plot.ts';
import { htmlText } from './html-text.ts';

/** All that a page is made from. Lists in any order; empty ones are said to be empty. */
export interface Evidence {
  readonly gpu_uuid: string;
  /** When the page is made, and the time that it looks at, epoch ms. */
  readonly made_at: number;
  readonly from: number;
  readonly to: number;
  readonly asset: Asset | null;
  readonly scores: readonly HealthScore[];
  readonly episodes: readonly Episode[];
  readonly anomalies: readonly Anomaly[];
  /** Metrics over time by canonical name, each oldest first. */
  readonly metrics: readonly (EvidenceSeries & { readonly metric: string })[];
  readonly prediction: Prediction | null;
  readonly decision: Decision | null;
}

const STYLE = `:root{color-scheme:light}body{font:13px/1.45 system-ui,sans-serif;max-width:46rem;margin:1.5rem auto;padding:0 1rem;color:#111;background:#fff}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:1.6rem 0 .4rem;border-bottom:1px solid #999}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.15rem .5rem .15rem 0;border-bottom:1px solid #ddd;overflow-wrap:break-word}
th{font-weight:600}td.n,th.n{text-align:right;white-space:nowrap}p{margin:.4rem 0}svg{width:100%;height:auto;margin:.2rem 0}
svg .line{fill:none;stroke:#1450a0;stroke-width:1.2;stroke-linecap:round}svg .dot{fill:none;stroke:#1450a0;stroke-width:3;stroke-linecap:round}svg .frame{fill:none;stroke:#777}svg .mark{stroke:#b02020;stroke-dasharray:3 3}svg text{font:10px system-ui,sans-serif;fill:#333}
figure{margin:.6rem 0;break-inside:avoid}figcaption{font-weight:600}tr{break-inside:avoid}
@media print{body{margin:0;max-width:none;font-size:11px}h2{break-after:avoid}}@page{margin:15mm}`;

/** What the page's Content-Security-Policy must allow besides nothing. */
export const EVIDENCE_STYLE_HASH = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

const DAY_MS = 86_400_000;
const ROWS_MAX = 200;
const NONE = '\u2013';

/**
 * What the maker of a board asks for when it comes back, as one printable HTML page: no script, nothing fetched, plots as SVG.
 *
 * Which board and whether its warranty lasts, the verdicts, XIDs with their meanings, episodes with what was done and whether
 * it helped, anomalies, and counters with their first and last reading and their rise. Tables show the newest 200 rows and
 * say how many are left out. Every text is escaped; numbers and instants that are none become a dash. Pure.
 */
export function evidencePage(evidence: Evidence): string {
  const { gpu_uuid, made_at, from, to } = evidence;
  const title = `RMA evidence for ${gpu_uuid}`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${htmlText(title)}</title><style>${STYLE}</style></head><body>
<h1>${htmlText(title)}</h1>
<p>Made ${utcMinute(made_at)} from telemetry of ${utcMinute(from)} to ${utcMinute(to)}. All times are UTC.</p>
${[
  section('Board', board(evidence)),
  section('Verdict', verdict(evidence)),
  section('XIDs', xids(evidence.episodes)),
  section('Episodes and what was done', episodes(evidence.episodes)),
  section('Anomalies', anomalies(evidence.anomalies)),
  section('Counters', counters(evidence)),
  section('Over time', plots(evidence)),
].join('\n')}
</body></html>`;
}

const section = (name: string, content: string): string => `<h2>${htmlText(name)}</h2>${content}`;
const nothing = (what: string): string => `<p>No ${htmlText(what)} in this time.</p>`;

/** Cells are HTML already. */
function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly number[] = [],
): string {
  const cells = (row: readonly string[]): string =>
    row.map((cell, i) => (numeric.includes(i) ? `<td class="n">${cell}</td>` : `<td>${cell}</td>`)).join('');
  const left_out = rows.length - ROWS_MAX;
  return `<table><thead><tr>${heads.map((head, i) => (numeric.includes(i) ? `<th class="n">${htmlText(head)}</th>` : `<th>${htmlText(head)}</th>`)).join('')}</tr></thead><tbody>${rows
    .slice(0, ROWS_MAX)
    .map((row) => `<tr>${cells(row)}</tr>`)
    .join('')}</tbody></table>${left_out > 0 ? `<p>${left_out} older ones are left out.</p>` : ''}`;
}

function board({ gpu_uuid, asset, made_at, decision, prediction, scores }: Evidence): string {
  const node = asset?.node || decision?.node || prediction?.node || scores[0]?.node || '';
  const facts: readonly (readonly [string, string])[] = [
    ['UUID', gpu_uuid],
    ['Serial', asset?.serial ?? ''],
    ['Model', asset?.model ?? ''],
    ['Node', node],
    ['PCI bus', asset?.pci_bus_id ?? ''],
    ['Place', [asset?.cluster, asset?.rack, asset?.slot].filter((part) => part).join(', ')],
    ['In service since', utcMinute(asset?.deployed_at ?? null)],
    ['Operating hours when registered', shortNumber(asset?.operating_hours ?? null)],
    ['Warranty', warranty(asset?.warranty_until ?? null, made_at)],
    ['Status', asset?.status ?? ''],
    ['Note', asset?.note ?? ''],
  ];
  return table(
    ['Fact', 'Value'],
    facts.map(([name, value]) => [htmlText(name), htmlText(value || NONE)]),
  );
}

function warranty(until: number | null, now: number): string {
  if (until === null || !Number.isFinite(until - now)) return 'unknown';
  const days = Math.floor(Math.abs(until - now) / DAY_MS);
  return until > now
    ? `until ${utcMinute(until)}, ${days} days are left`
    : `ended ${utcMinute(until)}, ${days} days ago`;
}

const newestFirst = <T extends { readonly ts: number }>(rows: readonly T[]): T[] =>
  [...rows].sort((a, b) => b.ts - a.ts);

function verdict({ scores, prediction, decision }: Evidence): string {
  const [score] = newestFirst(scores);
  const lines: string[] = [];
  if (score !== undefined) {
    lines.push(
      `Health at ${utcMinute(score.ts)}: ${score.overall_score === null ? 'unknown' : shortNumber(score.overall_score)} of 100, ${score.health_grade}, confidence ${shortNumber(score.confidence)}. ${score.explanation}`,
    );
  }
  if (prediction !== null) {
    lines.push(
      `Risk of a failure at ${utcMinute(prediction.ts)}: ${risk(prediction.failure_prob_7d)} within 7 days, ${risk(prediction.failure_prob_30d)} within 30, ${risk(prediction.failure_prob_90d)} within 90; likely ${prediction.predicted_failure_type}; by ${prediction.model_name} ${prediction.model_version}. ${prediction.explanation}`,
    );
  }
  if (decision !== null) lines.push(`Advice at ${utcMinute(decision.ts)}: ${decision.advice}. ${decision.rationale}`);
  const losses = (score?.contributions ?? []).map((loss) => [
    htmlText(loss.dimension),
    htmlText(loss.metric),
    shortNumber(loss.points),
    `${shortNumber(loss.value)} ${htmlText(loss.unit)}`,
    `${shortNumber(loss.limit)} ${htmlText(loss.unit)}`,
    htmlText(loss.action),
  ]);
  const lost =
    losses.length > 0 ? table(['Dimension', 'Metric', 'Points lost', 'Value', 'Limit', 'Next'], losses, [2]) : '';
  return lines.length === 0 ? nothing('verdict') : lines.map((line) => `<p>${htmlText(line)}</p>`).join('') + lost;
}

const risk = (probability: number): string => `${shortNumber(100 * probability)} %`;

function xids(stories: readonly Episode[]): string {
  const codes = new Map<number, { episodes: number; first: number; last: number }>();
  for (const { xids: seen, started_at, ended_at } of stories) {
    for (const xid of seen) {
      const known = codes.get(xid) ?? { episodes: 0, first: started_at, last: started_at };
      codes.set(xid, {
        episodes: known.episodes + 1,
        first: Math.min(known.first, started_at),
        last: Math.max(known.last, ended_at ?? started_at),
      });
    }
  }
  if (codes.size === 0) return nothing('XID');
  return table(
    ['XID', 'Meaning', 'Severity', 'Episodes', 'First', 'Last'],
    [...codes]
      .sort(([a], [b]) => a - b)
      .map(([xid, { episodes: count, first, last }]) => {
        const { name, meaning, severity } = xidEntry(xid);
        const words = meaning === '' ? name : `${name}: ${meaning}`;
        return [String(Number(xid)), htmlText(words), severity, String(count), utcMinute(first), utcMinute(last)];
      }),
    [3],
  );
}

function episodes(stories: readonly Episode[]): string {
  if (stories.length === 0) return nothing('episode');
  return table(
    ['Began', 'Ended', 'XIDs', 'What', 'Done', 'Helped'],
    newestFirst(stories).map((story) => [
      utcMinute(story.started_at),
      story.ended_at === null ? 'goes on' : utcMinute(story.ended_at),
      story.xids.length === 0 ? NONE : htmlText(story.xids.join(', ')),
      htmlText(
        `${story.severity}, ${story.category}, ${story.count} events. ${story.explanation} Asked for: ${story.action.replaceAll('_', ' ')}.`,
      ),
      story.reset_at === null ? 'no reset seen' : `reset ${utcMinute(story.reset_at)}`,
      story.cured === null ? 'unknown' : story.cured ? 'yes' : 'no',
    ]),
  );
}

function anomalies(found: readonly Anomaly[]): string {
  if (found.length === 0) return nothing('anomaly');
  return table(
    ['Opened', 'Closed', 'Type', 'Severity', 'What'],
    newestFirst(found).map((anomaly) => [
      utcMinute(anomaly.opened_at),
      anomaly.closed_at === null ? 'open' : utcMinute(anomaly.closed_at),
      htmlText(anomaly.type),
      htmlText(anomaly.severity),
      htmlText(anomaly.explanation),
    ]),
  );
}

const nameOf = (metric: string): string => {
  const { unit } = METRICS[findMetric(metric)] ?? { unit: '' };
  return unit === '' ? metric : `${metric} (${unit})`;
};
const isCounter = (metric: string): boolean => METRICS[findMetric(metric)]?.kind === 'counter';

function counters({ metrics }: Evidence): string {
  const rows = metrics.flatMap(({ metric, points }) => {
    if (!isCounter(metric)) return [];
    const seen = points.filter((point) => point.value !== null && Number.isFinite(point.value));
    const [first, last] = [seen[0], seen.at(-1)];
    if (first === undefined || last === undefined) return [];
    let rise = 0;
    let resets = 0;
    for (let i = 1; i < seen.length; i++) {
      const change = (seen[i]?.value ?? 0) - (seen[i - 1]?.value ?? 0);
      if (change < 0) resets += 1;
      else rise += change;
    }
    return [
      [
        htmlText(nameOf(metric)),
        shortNumber(first.value),
        utcMinute(first.ts),
        shortNumber(last.value),
        utcMinute(last.ts),
        shortNumber(rise),
        String(resets),
      ],
    ];
  });
  if (rows.length === 0) return nothing('counter');
  const heads = ['Counter', 'First', 'at', 'Last', 'at', 'Rise', 'Restarts'];
  return `${table(heads, rows, [1, 3, 5, 6])}<p>A counter that falls was restarted with its driver: a fall adds nothing to the rise.</p>`;
}

function plots({ metrics, scores, episodes: stories, from, to }: Evidence): string {
  const marks = stories.map(({ started_at }) => started_at);
  const health = [...scores].sort((a, b) => a.ts - b.ts).map(({ ts, overall_score }) => ({ ts, value: overall_score }));
  const figures = [{ metric: 'health (0..100)', points: health }, ...metrics].flatMap(({ metric, points }) => {
    const plot = evidencePlot({ points }, { title: nameOf(metric), marks, from, to });
    return plot === '' ? [] : [`<figure><figcaption>${htmlText(nameOf(metric))}</figcaption>${plot}</figure>`];
  });
  if (figures.length === 0) return nothing('reading');
  const legend = marks.length > 0 ? '<p>Dashed lines: episodes begin.</p>' : '';
  return legend + figures.join('');
}
