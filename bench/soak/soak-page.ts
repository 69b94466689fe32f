import { FAULT_NAMES, type ProcessFigures, type SoakReport } from './soak-report.ts';
import { medianOf } from './trend.ts';

const GIB = 1_073_741_824;
const count = (value: number): string => Math.round(value).toLocaleString('en-US');
const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const slope = (figures: readonly [number, number, number] | null): string =>
  figures === null ? 'too short' : `${figures[0]} (${figures[1]} to ${figures[2]})`;

const mib = (value: number): string => (Number.isNaN(value) ? '' : String(value));

const processRow = (one: ProcessFigures): string[] => [
  one.process,
  String(one.lives),
  String(one.rss_mib),
  String(one.rss_max_mib),
  mib(one.own_mib),
  slope(one.own_mib_per_hour),
  one.heap_mib === null ? '' : mib(one.heap_mib),
  one.heap_mib === null ? '' : slope(one.heap_mib_per_hour),
  (one.collect_max_ms ?? null) === null ? '' : `${one.collect_max_ms} ms`,
  `${one.handles_first} / ${one.handles_last}`,
  String(one.cores),
];

/** The page of deploy/reference, from a report. */
export function soakPage(report: SoakReport): string {
  const { machine, rows, disk, windows } = report;
  const calm = windows.filter((one) => one.calm && one.scrapes > 0);
  const third = Math.max(1, Math.floor(calm.length / 3));
  const stretch = (some: typeof calm, name: string): string[] => [
    name,
    String(some.length),
    `${count(medianOf(some.map(({ p50_ms }) => p50_ms)))} ms`,
    `${count(medianOf(some.map(({ p99_ms }) => p99_ms)))} ms`,
    `${count(Math.max(0, ...some.map(({ max_ms }) => max_ms)))} ms`,
    `${Math.round(medianOf(some.map(({ cpu_share }) => cpu_share)) * 100)} %`,
  ];
  const failed = report.checks.filter(({ ok }) => !ok);
  const load =
    report.capacity_rows_per_s === null
      ? `${count(report.rows_per_s)} rows/s, as asked for`
      : `${count(report.rows_per_s)} rows/s, half of the ${count(report.capacity_rows_per_s)} that the calibration says fill its cores`;
  return `${[
    '# Soak',
    'Generated from the report of `npm run soak` by its option `--write`. Every role is a process of its own, scraped over HTTP from a simulated fleet with faults of its own; one more exporter never answers, one sends rubbish. Afterwards every page that the exporters have served is looked for in the table.',
    `${report.at.slice(0, 10)}, commit ${report.commit}, \`${report.command}\`: ${Math.round(report.hours * 100) / 100} h on ${machine.cores} x ${machine.cpu}, ${machine.memory_gib} GiB, Node ${machine.node}, ${report.versions}. ${count(report.gpus)} GPUs, each node every ${report.interval_ms} ms: ${load}. Durability \`${report.durability}\`, seed ${report.seed}.`,
    `**${report.ok ? 'Passed' : `Failed: ${failed.map(({ name }) => name).join('; ')}`}.**`,
    '## Laws',
    table(
      ['law', 'figure', 'limit', ''],
      report.checks.map(({ name, figure, limit, ok }) => [name, figure, limit, ok ? 'ok' : '**not met**']),
    ),
    '## Rows',
    `${count(rows.pages_served)} pages with ${count(rows.served)} rows were served, ${count(rows.stored)} rows are stored. ${count(rows.pages_killed)} pages went with a collector that was killed before they were on its spool (served at most ${rows.killed_lead_max_ms} ms before); ${count(rows.pages_stopped)} waited for one that stood still until it was too late, ${count(rows.pages_given_up)} came too late otherwise, which both count as failed scrapes; ${count(rows.pages_lost)} are lost. ${count(rows.rubbish_served)} pages of rubbish, ${count(rows.rubbish_letters)} dead letters of them; ${count(rows.alerts)} alerts told, ${rows.alerts_twice} twice.`,
    '## Scrape to live',
    'From the time that stands in a scrape to its message on a WebSocket, in stretches of ten seconds without a fault; medians of them, and the longest of all.',
    table(
      ['stretches', 'n', 'p50', 'p99', 'longest', 'machine busy'],
      [stretch(calm.slice(0, third), 'first third'), stretch(calm.slice(-third), 'last third'), stretch(calm, 'all')],
    ),
    '## Processes',
    'MiB, and MiB an hour with the 95 % interval. Own memory is without mapped files; the heap is told right after major collections. Slopes are of the least of each minute, over all lives of a process, without the beginning of each.',
    table(
      [
        'process',
        'lives',
        'RSS',
        'at most',
        'own',
        'own, slope',
        'heap',
        'heap, slope',
        'longest collection',
        'open files, first / last',
        'cores',
      ],
      report.processes.map(processRow),
    ),
    '## Faults',
    table(
      ['minute', 'fault', 'for', 'fresh after being back'],
      report.faults.map(({ struck_ms, kind, target, back_ms, recovered_ms }) => [
        (struck_ms / 60_000).toFixed(1),
        `${kind === 'kill' ? 'kill -9' : 'stop'} ${FAULT_NAMES[target]}`,
        inSeconds(back_ms - struck_ms),
        recovered_ms === null ? 'not by the next' : inSeconds(recovered_ms - back_ms),
      ]),
    ),
    '## Disk',
    table(
      ['part', 'first look, GiB', 'last look, GiB', 'foretold growth, GiB; the stream up to its limit'],
      (['stream', 'gpu_metrics', 'rollups', 'other_tables', 'snapshots', 'spool'] as const).map((part) => [
        part.replace('_', ' '),
        (disk.first[part] / GIB).toFixed(2),
        (disk.last[part] / GIB).toFixed(2),
        part === 'stream' || part === 'gpu_metrics' ? ((disk.foretold_per_row[part] * disk.rows) / GIB).toFixed(2) : '',
      ]),
    ),
  ].join('\n\n')}\n`;
}
