import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { ALERT_FENCES } from '../contract/alert-epochs.ts';
import type { Bus } from '../contract/bus.ts';
import { type DurationMs, days, hours, minutes, seconds } from '../contract/time.ts';
import { takesBatches } from './batch-publisher.ts';
import { oncePossible } from './once-possible.ts';
import { atLeast } from './server-version.ts';
import { isMissing, managerOf, replicasOf, streamError } from './stream-manager.ts';

interface StreamLimits {
  /** Oldest messages go when the stream is larger, bytes. JetStream reserves this much of its own disk limit. */
  readonly size_max?: number;
  /** Oldest messages go when they are older. */
  readonly age_max?: DurationMs;
}

export interface StreamOptions {
  readonly raw?: StreamLimits;
  readonly invalid?: StreamLimits;
  readonly alerts?: StreamLimits;
  /**
   * S2 on disk, off by default. Measured with scrapes of 8 GPUs (2,390 B): 1,160 B on disk instead of 2,500, for twice the
   * server's CPU, 30 us instead of 17 to store a message and 12 instead of 6 to deliver it. Needs nats-server 2.10.
   */
  readonly compress?: boolean;
}

type StreamChange = 'created' | 'updated' | 'unchanged';

const GIB = 1024 ** 3;

/** Names, subjects and default limits. DCGM_RAW is what the engine may replay after a stop; 2 kB hold a node of 8 GPUs. */
const STREAMS = {
  raw: { name: 'DCGM_RAW', subjects: ['dcgm.raw.>'], size_max: 8 * GIB, age_max: hours(24) },
  invalid: { name: 'DCGM_INVALID', subjects: ['dcgm.invalid.>'], size_max: GIB, age_max: days(30) },
  alerts: { name: 'ALERTS', subjects: ['alerts.>', `${ALERT_FENCES}*`], size_max: GIB / 4, age_max: days(90) },
} as const;

/**
 * Inventory: a message an asset under its own subject, with the last versions before it. A full stream refuses instead of
 * forgetting; 512 MiB hold all versions of 200,000 assets.
 */
const ASSETS = { name: 'ASSETS', subjects: ['vitals.gpu_assets.>'], size_max: GIB / 2, versions_max: 4 } as const;

/** Who did what. It gives nothing up: neither age nor size takes entries out, and the server refuses to delete any. */
const AUDIT = { name: 'AUDIT', subjects: ['audit.>'] } as const;

export const RAW_STREAM = STREAMS.raw.name;
export const INVALID_STREAM = STREAMS.invalid.name;
export const ALERTS_STREAM = STREAMS.alerts.name;
export const ASSETS_STREAM = ASSETS.name;
export const AUDIT_STREAM = AUDIT.name;
/** What groups tell the steps over the fleet, made by the workers of a cluster. */
export const PICKED_STREAM = 'PICKED';
/** Every stream of ours that is always there. */
export const STREAM_NAMES: readonly string[] = [...Object.values(STREAMS).map(({ name }) => name), ASSETS_STREAM];

/**
 * How long the server knows a `Nats-Msg-Id`. It costs the server about 224 B of memory per id: at 10,000 messages/s the half
 * minute of raw scrapes is 67 MB, and a collector of ours is back within it after a lost connection. A resend after a longer
 * outage is stored again, which the tables' keys make harmless. Refused input is rare and has no such keys: it is known for
 * longer, because an engine that comes back tells again what it had refused since its last snapshot.
 */
const DUPLICATE_WINDOWS = { raw: seconds(30), invalid: minutes(10), alerts: minutes(2) } as const;

/**
 * Makes the streams, or brings existing ones to these options; calling it again changes nothing, and limits that are left out
 * stay as they are. Throws VitalsError
 * GV-BUS-002 when the server refuses (the reason is told), GV-BUS-001 when it does not answer.
 */
export async function ensureStreams(bus: Bus, options: StreamOptions = {}): Promise<Record<string, StreamChange>> {
  const changes: Record<string, StreamChange> = {};
  for (const key of ['raw', 'invalid', 'alerts'] as const) {
    const spec = STREAMS[key];
    const limits = options[key] ?? {};
    const ageMax = limits.age_max ?? spec.age_max;
    const wanted: Partial<StreamConfig> & { name: string } = {
      name: spec.name,
      subjects: [...spec.subjects],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      max_bytes: limits.size_max ?? spec.size_max,
      max_age: nanos(ageMax),
      duplicate_window: nanos(ageMax > 0 ? Math.min(DUPLICATE_WINDOWS[key], ageMax) : DUPLICATE_WINDOWS[key]),
      ...(atLeast(bus.server_version, '2.10.0') && {
        compression: options.compress ? StoreCompression.S2 : StoreCompression.None,
      }),
      ...(key === 'raw' && takesBatches(bus.server_version) && { allow_atomic: true }),
    };
    changes[spec.name] = await ensureStream(bus, wanted, options[key] === undefined ? LIMITS : []);
  }
  changes[ASSETS_STREAM] = await ensureAssetStream(bus);
  return changes;
}

/** The inventory's stream alone: for tools that must not touch the limits of the others. Throws as `ensureStreams`. */
export const ensureAssetStream = (bus: Bus): Promise<StreamChange> =>
  ensureStream(bus, {
    name: ASSETS.name,
    subjects: [...ASSETS.subjects],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_bytes: ASSETS.size_max,
    max_msgs_per_subject: ASSETS.versions_max,
  });

/** The trail's stream alone; it is made by whoever writes into it or reads it first. Throws as `ensureStreams`. */
export const ensureAuditStream = (bus: Bus): Promise<StreamChange> =>
  ensureStream(bus, {
    name: AUDIT.name,
    subjects: [...AUDIT.subjects],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    deny_delete: true,
    deny_purge: true,
  });

/** What is left as it is where nobody says otherwise: a collector must not undo the limits that its engine has set. */
const LIMITS: readonly (keyof StreamConfig)[] = ['max_bytes', 'max_age', 'duplicate_window'];

/** Makes a stream, or brings it to these settings. Throws as `ensureStreams`. */
export async function ensureStream(
  bus: Bus,
  initial: Partial<StreamConfig> & { name: string },
  kept: readonly (keyof StreamConfig)[] = [],
): Promise<StreamChange> {
  const bring = async (): Promise<StreamChange> => {
    const jsm = await managerOf(bus);
    const found = await configOf(jsm, initial.name);
    const num_replicas = replicasOf(bus);
    if (!found) {
      await jsm.streams.add({ ...initial, num_replicas });
      return 'created';
    }
    // More copies are made, none is taken away: an administrator may have chosen them.
    const more = num_replicas > found.num_replicas ? { num_replicas } : {};
    const wanted = { ...initial, ...more, ...Object.fromEntries(kept.map((key) => [key, found[key]])) };
    const keys = Object.keys(wanted) as (keyof StreamConfig)[];
    const differs = keys.filter((key) => JSON.stringify(found[key]) !== JSON.stringify(wanted[key]));
    if (differs.length === 0) return 'unchanged';
    // What we do not set (replicas, placement, sources) stays as an administrator chose it.
    await jsm.streams.update(wanted.name, { ...found, ...wanted });
    return 'updated';
  };
  try {
    return await oncePossible(bring, { missing: true });
  } catch (cause) {
    throw streamError(cause, 'the stream cannot be set up', initial.name);
  }
}

/** Null when there is no such stream. */
const configOf = (jsm: JetStreamManager, name: string): Promise<StreamConfig | null> =>
  jsm.streams.info(name).then(
    ({ config }) => config,
    (cause: unknown) => {
      if (isMissing(cause)) return null;
      throw cause;
    },
  );
