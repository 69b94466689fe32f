import { z } from 'zod';
import { alertRuleChanges } from '../operators/alerts/alert-rules.ts';
import { alertChannelsSchema } from '../sinks/alerts/channel-settings.ts';
import { alertRoutesSchema } from './alert-desk/alert-routes.ts';
import { DEFAULT_INHIBITIONS, inhibitionsSchema } from './alert-desk/inhibitions.ts';
import { asWritten, detectors, rules, targets, thresholds } from './nested-options.ts';
import { address, duration, flag, jsonOr, list, number, optionalAddress, text, webAddress } from './option-kinds.ts';
import { NETWORK_FAILING_MIN, RETRAIN_NETWORK } from './training/network-policy.ts';

/**
 * Every option, once: default, unit, meaning. `questdb-pg` is `questdb-pg` in the file, `GPU_VITALS_QUESTDB_PG` in the
 * environment and `--questdb-pg` on the command line.
 */
export const CONFIG_SECTIONS = {
  General: {
    data: text('.gpu-vitals', 'Folder for streams, tables, snapshots, spool and logs.'),
    cache: text('', "Folder for downloaded programs; empty: the user's cache folder."),
    'log-level': z
      .enum(['debug', 'info', 'warn', 'error'])
      .default('info')
      .describe('Least severe log line that is written.'),
    profiles: z
      .enum(['off', 'time', 'memory'])
      .default('time')
      .describe(
        'What `gpu-vitals profile` may ask of running threads: nothing, what they do with their time, or their memory too, which holds secrets.',
      ),
    durability: z
      .enum(['fast', 'safe'])
      .default('fast')
      .describe(
        'fast survives the kill of any process; safe also survives power loss: every message and commit is synced to disk, at a cost in throughput. Collectors store scrapes in atomic batches then, which share a sync.',
      ),
  },
  Services: {
    nats: text(
      '',
      'Address of a NATS server with JetStream, nats://... or tls://..., several with commas; ?ca=FILE, &cert=FILE and &key=FILE for TLS, &creds=FILE or &nkey=FILE for who connects, &handshake=first. Empty: one of our own is started.',
    ),
    questdb: text('', 'HTTP address of a QuestDB, http://...; empty: one of our own is started.'),
    'questdb-pg': text('', 'Postgres address of that QuestDB, postgres://...; empty: derived from questdb, port 8812.'),
    'questdb-memory': number(2_048, { min: 256, max: 1_048_576, whole: true }, 'Heap of our own QuestDB, MiB.'),
    'questdb-password-file': text('', 'File with the password of our own QuestDB (user admin); empty: its usual one.'),
    'questdb-reader-password-file': text(
      '',
      'File with the password of the user `reader` of our own QuestDB, who may only read, for Grafana; empty: there is none.',
    ),
    'stream-age-max': duration(
      '24h',
      { min: '1m', max: '3650d' },
      'How long raw scrapes stay in the stream for replay.',
    ),
    'stream-size-max': number(8_192, { min: 16, max: 1e9, whole: true }, 'How much the raw stream may hold, MiB.'),
    'stream-replicas': number(
      1,
      { min: 1, max: 5, whole: true },
      'On how many servers of a NATS cluster new streams and buckets are kept: 3 survives the loss of one, 5 of two. What is there gets more copies, never fewer.',
    ).refine((value) => value % 2 === 1, { error: 'must be 1, 3 or 5' }),
    'dead-letters-age-max': duration('7d', { min: '1m', max: '3650d' }, 'How long refused input is kept.'),
  },
  Fleet: {
    targets: targets('Exporters to scrape, host:port separated by commas; none at all: a simulated fleet.'),
    'targets-file': list('Prometheus file_sd files (JSON or YAML, globs allowed).'),
    'targets-url': webAddress('', ['http:', 'https:'], 'Prometheus http_sd address.'),
    'targets-url-tls-ca': text('', 'File with the certificate authority of that address.'),
    'targets-url-tls-insecure': flag(false, 'Accept any certificate of that address.'),
    'targets-url-bearer-token-file': text('', 'File with the bearer token sent to that address.'),
    'target-access': rules(
      'How some exporters are reached: a list of {match, ca_file, cert_file, key_file, server_name, insecure, bearer_token_file}, as JSON outside the file; the first whose match fits (host:port, * for any text) counts, before the three below.',
    ),
    'target-tls-ca': text('', 'File with the certificate authority of the exporters.'),
    'target-tls-insecure': flag(false, 'Accept any certificate of an exporter.'),
    'target-bearer-token-file': text('', 'File with the bearer token sent to the exporters.'),
    'remote-write': optionalAddress(
      'Where Prometheus may write to (remote_write to http://host:port/api/v1/write, https:// with tls-cert), instead of or besides being scraped; empty: nowhere. Beyond loopback it needs a token, and tls-cert or behind-proxy.',
    ),
    'remote-write-bearer-token-file': text(
      '',
      'File with the bearer token that Prometheus must send; needed to listen beyond loopback.',
    ),
    interval: duration('10s', { min: '100ms', max: '1h' }, 'Time between two scrapes of a target.'),
    'scrape-timeout': duration(
      '10s',
      { min: '10ms', max: '5m' },
      'Longest wait for a target; never longer than the interval.',
    ),
    'scrape-size-max': number(16, { min: 1, max: 1_024 }, 'Largest answer of a target, MiB.'),
    'spool-size-max': number(
      1_024,
      { min: 1, max: 1e6, whole: true },
      'Disk that scrapes may take while NATS is away, MiB.',
    ),
    'collector-cluster': flag(
      false,
      'Share the targets with all other collectors on the same NATS that have it too: each scrapes some, those of one that ends or dies go to the others within cluster-lease. All need the same lists of targets.',
    ),
    'collector-name': text(
      '',
      'Name of this collector among those that share targets, one of a kind; empty: the name of the machine.',
    ),
    assets: text('', 'CSV file with inventory, read at start.'),
  },
  Simulation: {
    gpus: number(256, { min: 1, max: 100_000, whole: true }, 'Size of the simulated fleet.'),
    seed: number(
      42,
      { min: 0, max: 4_294_967_295, whole: true },
      'Seed of the simulated fleet: the same seed is the same fleet.',
    ),
    history: duration(
      '7d',
      { min: '0s', max: '90d' },
      'Past of the simulated fleet that is back-filled once, at a 2-minute cadence.',
    ),
    speed: number(1, { min: 0.1, max: 10_000 }, "How fast the simulated fleet's clock runs; event times follow it."),
    stories: z.enum(['default', 'none']).default('default').describe('Whether the simulated fleet has faults.'),
  },
  Engine: {
    'lateness-max': duration('5m', { min: '0s', max: '1d' }, "How much older than its node's newest row a row may be."),
    'future-max': duration('5m', { min: '1s', max: '1d' }, 'How far after its arrival a row may lie.'),
    'snapshot-interval': duration(
      '30s',
      { min: '100ms', max: '1h' },
      "Time between two snapshots of a group's state; so much of the stream is read again after a kill. Large fleets take longer: 2 s for each 1,000 GPUs.",
    ),
    'engine-threads': number(
      1,
      { min: 1, max: 64, whole: true },
      'How many threads share the work of the engine; 1 runs everything in one. More write the same, over more connections.',
    ),
    cluster: flag(
      false,
      'Share the work with all other engines on the same NATS that have it too: each takes some of the 64 groups, of one that ends or dies the others take over.',
    ),
    'worker-name': text('', 'Name of this engine in a cluster, one of a kind; empty: the name of the machine.'),
    'cluster-lease': duration(
      '1200ms',
      { min: '500ms', max: '1m' },
      'How long a worker of a cluster may be silent before others take its groups, and a collector its targets; it stands still by itself after two thirds, and goes on when nobody has taken them.',
    ),
    'zscore-threshold': number(3, { min: 1, max: 100 }, "Deviation from a GPU's own past that counts, in sigma."),
    'zscore-thresholds': thresholds(
      'The same by metric where it differs, in sigma, 0 = never told (what is open closes); for example {"power_watts": 4, "fb_used_bytes": 6}. A gauge of the workload that is named is watched too, for info only; each costs 404 B per GPU and about half the time of those of the board.',
    ),
    'novelty-contamination': number(0.005, { min: 0, max: 0.5 }, 'Share of boards that a forest finds unlike others.'),
    'features-interval': duration(
      '5m',
      { min: '1m', max: '1d' },
      'Event time between two feature vectors of a GPU; while history is back-filled, an hour.',
    ),
    'health-interval': duration(
      '15m',
      { min: '1m', max: '1d' },
      'Event time between two health scores of a GPU; something critical is told at once.',
    ),
    profile: z
      .enum(['default', 'reference'])
      .default('default')
      .describe(
        "How health is judged: `default` knows workloads, limits and rates; `reference` is the specification's formula, for comparison (it keeps a week of raw samples in memory).",
      ),
    detectors: detectors(
      'What differs from the defaults, by detector: limits in its own unit, null for a severity that it shall never give, `enabled`; for example {"pcie_replay_rate": {"warning": 2}, "novelty": {"enabled": false}}.',
    ),
    'failure-model': z
      .enum(['shipped', 'heuristic'])
      .default('shipped')
      .describe(
        'What foresees failures while no model of your own is promoted: `shipped` was trained on simulated fleets only, `heuristic` is a rule of thumb. The reference profile always takes the heuristic.',
      ),
    'challenger-share': number(
      0.2,
      { min: 0, max: 1 },
      'Share of the GPUs that a challenger judges while there is one, so that it can be compared with the champion.',
    ),
    'retrain-interval': duration(
      '7d',
      { min: '0s', max: '365d' },
      'Event time between two trainings on what is stored, in `up`; 0s = never. On several machines let one run `models train` on a schedule.',
    ),
    'retrain-drift': number(
      0.15,
      { min: 0, max: 1 },
      'Share of what the judging model goes by (importance of its features, age left out) that must have moved from its training, beyond doubt and in two looks a day of event time apart, for a training ahead of the interval; 0 = never. It asks once for each model that judges. Quiet simulated fleets stay under 0.04; half the load, or 10 C more everywhere, is 0.2 and more in those of 800 boards.',
    ),
    'retrain-network': z
      .enum(RETRAIN_NETWORK)
      .default('auto')
      .describe(
        `Whether a training on what is stored trains the recurrent network too, beginning with the one that judges: \`auto\` once ${NETWORK_FAILING_MIN} boards have failed whose last 30 days were watched, \`always\`, or \`never\`. The new one is used only where it foresees boards better that it has not learned from.`,
      ),
    'retrain-network-minutes': number(
      20,
      { min: 1, max: 1_440 },
      'How long the recurrent network may learn, beside the time to read what it learns from; what it has learned best until then is used.',
    ),
    'decisions-interval': duration(
      '30m',
      { min: '1m', max: '1d' },
      'Event time between two economic decisions about a board.',
    ),
    'price-book': text(
      '',
      'YAML file with prices that differ from the price book that is shipped (deploy/price-book.yaml).',
    ),
    'flush-rows': number(
      50_000,
      { min: 1, max: 1_000_000, whole: true },
      'Rows that a write to gpu_metrics holds at most.',
    ),
    'flush-interval': duration(
      '1s',
      { min: '10ms', max: '1m' },
      'Longest wait before rows are written to gpu_metrics.',
    ),
    'parquet-after': duration(
      '7d',
      { min: '1d', max: '3650d' },
      'Age from which partitions of gpu_metrics and gpu_features are kept as Parquet.',
    ),
  },
  Alerts: {
    'alert-rules': asWritten(
      alertRuleChanges,
      'What differs from the default rules, by name, or whole new rules: {on, when, for, keep, severity, category, summary, action_text, alone, enabled}; for example {"thermal": {"for": "2h"}, "held_idle": {"enabled": false}, "hot_memory": {"on": "anomalies", "when": {"metric": "memory_temp_celsius"}, "severity": "critical"}}.',
    ),
    'alert-channels': z
      .pipe(jsonOr({}), alertChannelsSchema)
      .default({})
      .describe(
        'Ways to people and other systems, by name: {"ops": {"kind": "slack", "url_file": "/run/secrets/slack"}}; kinds slack, email, pagerduty, webhook, alertmanager. Secrets stand in files or variables (`_file`, `_env`), never here.',
      ),
    'alert-routes': asWritten(
      alertRoutesSchema,
      'Who is told of which alerts, and when: a tree of {name, matchers, severities, channels, group_by, group_wait, group_interval, repeat_interval, escalate_after, escalate_to, closings, continue, routes}; times as "5m" or by severity {"critical": "5s"}; what is left out is as above. {"routes": [{"name": "pager", "severities": ["critical"], "channels": ["pager"], "continue": true}, {"name": "chat", "channels": ["chat"]}]}. Default: by node, critical and warning, every channel.',
    ),
    'alert-inhibitions': z
      .pipe(jsonOr([]), inhibitionsSchema)
      .default(() => inhibitionsSchema.parse(DEFAULT_INHIBITIONS))
      .describe(
        'Which open alerts explain others, which then are told to nobody: [{name, source, target, equal}] with matchers, and fields that agree or "covered". Given, it replaces the default; [] for none.',
      ),
    'alert-link': webAddress(
      '',
      ['http:', 'https:'],
      'Address of the console that messages link to, and whose pages may open the live socket; empty: where the API listens.',
    ),
  },
  Faces: {
    api: address('127.0.0.1:8080', 'Where REST API and console listen.'),
    live: address('127.0.0.1:8081', 'Where the live socket listens.'),
    'live-url': webAddress(
      '',
      ['ws:', 'wss:'],
      'Address of the live socket as browsers reach it; empty: where it listens.',
    ),
  },
  Security: {
    'tls-cert': text('', 'File with certificate and chain of API, live and remote write (PEM); empty: plain HTTP.'),
    'tls-key': text('', 'File with the private key of that certificate (PEM).'),
    'behind-proxy': flag(
      false,
      'A proxy in front of API, live server and remote write does TLS: lets them listen beyond loopback without tls-cert. A key is needed all the same, and a token for remote write.',
    ),
    'allow-link-local': flag(
      false,
      "Lets alert channels, targets and targets-url ask addresses of the machine's own link (169.254.0.0/16, fe80::/10) and of clouds' metadata services, which give credentials away.",
    ),
    'calls-per-second-max': number(
      200,
      { min: 0, max: 1e6 },
      "How fast one API key may call, five seconds' worth at once; 0: any number. Without keys nothing is counted.",
    ),
    'oidc-issuer': text(
      '',
      'Issuer of tokens for single sign-on, https://...; empty: only API keys let in. With one, every call needs a key or a token.',
    ),
    'oidc-audience': text('', 'Audience that a token must be for; needed with oidc-issuer.'),
    'oidc-role-claim': text(
      'roles',
      'Claim that names the role viewer, operator or admin, or a list of which the highest counts; a dot leads into objects.',
    ),
    'oidc-tenant-claim': text('', 'Claim that names the tenant; empty: tokens see all tenants.'),
  },
} as const;

const SHAPE = Object.assign({}, ...Object.values(CONFIG_SECTIONS)) as UnionToIntersection<
  (typeof CONFIG_SECTIONS)[keyof typeof CONFIG_SECTIONS]
>;
type UnionToIntersection<U> = (U extends unknown ? (x: U) => void : never) extends (x: infer I) => void ? I : never;

export const configSchema = z.strictObject(SHAPE);
export type Config = z.output<typeof configSchema>;
export type ConfigKey = keyof Config & string;
export const CONFIG_KEYS = Object.keys(SHAPE) as ConfigKey[];

/** Whether an option is a length of time: printed as it is written, not in milliseconds. */
export const isDuration = (key: ConfigKey): boolean => (SHAPE[key] as z.ZodType).meta()?.unit === 'duration';
