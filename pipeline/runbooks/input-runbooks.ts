import type { ErrorCode } from '../contract/error-catalogue.ts';
import type { Reason } from '../contract/events.ts';
import type { Runbook } from './runbook.ts';

type InputCode = Extract<ErrorCode, `GV-${'COL' | 'BUS' | 'WIR' | 'PRS' | 'VAL'}-${string}`>;

const LETTERS = (reason: Reason): string =>
  `\`gpu-vitals dead-letters list --reason ${reason}\` names the nodes, \`gpu-vitals dead-letters show POSITION\` has the original.`;
const TARGETS = '`gpu-vitals doctor`: the line `collector targets` says how many answer.';
const COLLECTOR_LOG = '`gpu-vitals logs --part collector --level warn` names the target and the reason.';
const RETRY = (reason: Reason): string =>
  `After the fix: \`gpu-vitals dead-letters retry --reason ${reason}\`. It is safe to repeat, rows are never doubled.`;

/** From the exporter to the first step: scraping, transport, reading, validity. */
export const INPUT_RUNBOOKS: Readonly<Record<InputCode, Runbook>> = {
  'GV-COL-001': {
    shows: 'A warning in the log of the collector; `targets_failing` in /metrics; GPUs of that node become stale.',
    check: [
      TARGETS,
      COLLECTOR_LOG,
      'Time an answer by hand: `curl -m 60 -o /dev/null -w "%{time_total}\\n" http://NODE:9400/metrics`.',
    ],
    afterwards: [
      'An exporter that hangs for one GPU often means a GPU that fell off the bus: look for XID 79 on the node.',
      'When answers are only slow, raise `scrape-timeout`, but keep it below `interval`.',
    ],
  },
  'GV-COL-002': {
    shows: 'A warning in the log of the collector; `targets_failing` in /metrics; GPUs of that node become stale.',
    check: [TARGETS, COLLECTOR_LOG, 'From the machine of the collector: `curl -v http://NODE:9400/metrics`.'],
    afterwards: [
      'Refused means that nothing listens there, a time-out on the way means a firewall, a TLS error a wrong certificate or scheme.',
      'A node that was taken away goes from the list of targets, so that it is no alarm any more.',
    ],
  },
  'GV-COL-003': {
    shows: 'A warning in the log of the collector with the HTTP status.',
    check: [COLLECTOR_LOG, 'From the machine of the collector: `curl -i http://NODE:9400/metrics`.'],
    afterwards: [
      '401 and 403: the bearer token of the target. 404: its path. 500: the log of the exporter on the node.',
    ],
  },
  'GV-COL-004': {
    shows: 'A warning in the log of the collector; that scrape is missing as a whole.',
    check: [COLLECTOR_LOG, 'Size by hand: `curl -s http://NODE:9400/metrics | wc -c`.'],
    afterwards: [
      "Often per-process or profiling counters were switched on: leave them out of the exporter's list of counters.",
    ],
  },
  'GV-COL-005': {
    shows:
      'A warning in the log of the collector; `no targets` in `gpu-vitals doctor` when there never was a good list.',
    check: [
      '`gpu-vitals config` shows where the list comes from.',
      'Open that file or address as the user who runs the collector.',
    ],
    afterwards: ['The list is read again by itself; nothing has to be restarted.'],
  },
  'GV-COL-006': {
    shows:
      'A line in the log; `dropped_messages` in /metrics rises; a gap in the history of all GPUs of this collector.',
    check: ['`gpu-vitals doctor`: `collector spool` and everything under `nats`.', '`df -h` for the data folder.'],
    afterwards: [
      'Size it for the longest outage to be bridged: bytes per scrape of all targets x scrapes in that time.',
      'What was dropped cannot be had back from here; a Prometheus that scraped too can be replayed: `gpu-vitals replay FILE`.',
    ],
  },
  'GV-COL-007': {
    shows: 'A line in the log of the collector; scrapes go to NATS alone, an outage of NATS now loses them.',
    check: [
      '`gpu-vitals doctor`: `data disk` and `data folder`.',
      '`ls -ld` of the folder `spool` in the data folder.',
    ],
    afterwards: ['When a file in the spool is damaged, it is set aside; the others are sent.'],
  },
  'GV-COL-008': {
    shows: 'HTTP 400 in the log of Prometheus; `remote_write` counters in /metrics.',
    check: [COLLECTOR_LOG, "The log of Prometheus, which has the answer's text."],
    afterwards: [
      'Let Prometheus send the DCGM series with the labels of the exporter (UUID, gpu, Hostname) unchanged by relabelling.',
    ],
  },
  'GV-COL-009': {
    shows: 'HTTP 503 in the log of Prometheus, whose queue grows (`prometheus_remote_storage_samples_pending`).',
    check: [
      '`gpu-vitals doctor`: everything under `nats` and `collector`.',
      'With `too many series`: which sender has labels that change all the time; or share the fleet among collectors.',
    ],
    afterwards: ['Nothing is lost as long as Prometheus keeps its write-ahead log, two hours by default.'],
  },
  'GV-BUS-001': {
    shows:
      'At a start: the command ends. While running: a warning once, the spool of the collector grows, REST answers 503 for what needs it.',
    check: [
      '`gpu-vitals doctor`: everything under `nats`.',
      '`gpu-vitals logs --part nats` has the last lines of a server that we started.',
      'A port by hand: `nc -vz HOST 4222`.',
    ],
    afterwards: ['It is connected again by itself. Scrapes wait in the spool and come in their order.'],
  },
  'GV-BUS-002': {
    shows: 'A warning with the stream and the reason; the line of that stream in `gpu-vitals doctor` is no `ok`.',
    check: [
      '`gpu-vitals doctor`: `nats jetstream` shows the limit of the account, `data disk` the disk.',
      '`nats stream info STREAM`, where the nats command is there.',
    ],
    afterwards: [
      'Shorten `stream-age-max` or `stream-size-max`, or raise the limit of the account, then restart the engine so that it is applied.',
    ],
  },
  'GV-WIR-001': {
    shows: 'A dead letter with reason `damaged_message`; the message is left out, everything else goes on.',
    check: [LETTERS('damaged_message'), 'Look which program publishes on `dcgm.raw.>` beside the collector.'],
    afterwards: [RETRY('damaged_message')],
  },
  'GV-WIR-002': {
    shows: 'A dead letter after an upgrade of one side alone.',
    check: ['`gpu-vitals --version` where the collector runs and where the engine runs.', LETTERS('unknown_schema')],
    afterwards: ['Upgrade engines before collectors.', RETRY('unknown_schema')],
  },
  'GV-WIR-003': {
    shows: 'A dead letter that names the size.',
    check: [LETTERS('oversized_message')],
    afterwards: ['Our collector never does this: it is another publisher, which should cut by node and scrape.'],
  },
  'GV-PRS-001': {
    shows: 'A dead letter with reason `unreadable_scrape`; the GPUs of the target are missing.',
    check: [LETTERS('unreadable_scrape'), 'What the target says: `curl -s http://NODE:9400/metrics | head`.'],
    afterwards: ['A login page or an HTML error of a proxy is the usual cause.', RETRY('unreadable_scrape')],
  },
  'GV-PRS-002': {
    shows: 'A dead letter for a line; the row goes on without this value.',
    check: [LETTERS('unreadable_line')],
    afterwards: [
      'When all lines of a kind are refused, the exporter was changed: compare its release with the one before.',
    ],
  },
  'GV-PRS-003': {
    shows: 'A dead letter, or a line of dead_letters.jsonl of a replay.',
    check: [LETTERS('unreadable_record')],
    afterwards: ['The schema of a row is in deploy/reference/row.schema.json.', RETRY('unreadable_record')],
  },
  'GV-VAL-001': {
    shows: 'A dead letter with reason `out_of_range`; the reading is missing in the row.',
    check: [
      LETTERS('out_of_range'),
      'The ranges: deploy/reference/metrics.md.',
      'On the node: `nvidia-smi -q -i UUID` shows what the driver says now.',
    ],
    afterwards: [
      'One GPU alone: a sensor or the board. All GPUs of a node: driver or exporter. All nodes: the unit of the exporter was changed.',
    ],
  },
  'GV-VAL-002': {
    shows: 'A dead letter with reason `not_a_number`; the reading is missing in the row.',
    check: [LETTERS('not_a_number')],
    afterwards: ['It is the exporter or what stands between: look at its text for this series.'],
  },
  'GV-VAL-003': {
    shows: 'A dead letter with reason `no_identity`; the row is left out.',
    check: [LETTERS('no_identity')],
    afterwards: ['A relabelling that drops the label UUID is the usual cause.', RETRY('no_identity')],
  },
  'GV-VAL-004': {
    shows: 'A dead letter with reason `no_time`; the row is left out.',
    check: [LETTERS('no_time')],
    afterwards: [RETRY('no_time')],
  },
  'GV-VAL-005': {
    shows: 'A dead letter with reason `late`; the row is left out, its original is kept.',
    check: [
      LETTERS('late'),
      '`gpu-vitals doctor`: `clocks` compares ours with those of NATS and QuestDB.',
      'On the node of the collector: `chronyc tracking`.',
    ],
    afterwards: ['Back-filled history belongs into `gpu-vitals replay`, not into the stream.'],
  },
  'GV-VAL-006': {
    shows: 'A dead letter with reason `no_metrics`; the row is left out.',
    check: [LETTERS('no_metrics'), 'The names that are known: deploy/reference/metrics.md.'],
    afterwards: [
      'Let the exporter send at least temperature, power, utilisation, memory, XID and ECC fields.',
      RETRY('no_metrics'),
    ],
  },
  'GV-VAL-007': {
    shows: 'A dead letter with reason `sentinel`; the reading is missing in the row.',
    check: [LETTERS('sentinel')],
    afterwards: ['The driver says that it does not know. When it stays for one GPU, look at the XIDs of that GPU.'],
  },
  'GV-VAL-008': {
    shows: 'A dead letter with reason `future`; the row is left out.',
    check: [LETTERS('future'), '`gpu-vitals doctor`: `clocks`.', 'On the node of the collector: `chronyc tracking`.'],
    afterwards: ['`future-max` allows more, which is right only for a fleet that is simulated faster than life.'],
  },
};
