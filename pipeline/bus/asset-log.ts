import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import type { Asset } from '../contract/events.ts';
import { causeId, subjectToken } from '../contract/ids.ts';
import { GPU_ASSETS } from '../contract/tables.ts';
import { EPOCH_MS_MAX } from '../contract/time.ts';
import { ASSETS_STREAM } from './ensure-streams.ts';
import { storedMessages } from './stored-messages.ts';

/** A version of an asset as it lies in the stream ASSETS; `asset` is null when the payload is none of ours. */
export interface LoggedAsset {
  readonly asset: Asset | null;
  readonly subject: string;
  /** Position in the stream, and when the server stored it (epoch ms). */
  readonly position: number;
  readonly arrived_at: number;
  /** Since when its tenant has it, where another one had it before (epoch ms); older versions do not say. */
  readonly tenant_since?: number | undefined;
}

const SUBJECTS = 'vitals.gpu_assets.>';

/** What the log holds now, oldest first: several versions an asset. Nothing when there is no stream with entries. Throws VitalsError. */
export async function* loggedAssets(bus: Bus): AsyncGenerator<LoggedAsset> {
  for await (const message of storedMessages(bus, ASSETS_STREAM, { subject: SUBJECTS, from: 1 })) yield logged(message);
}

/** What comes to the log from a position on, until the signal aborts. */
export async function* followAssets(bus: Bus, from: number, signal: AbortSignal): AsyncGenerator<LoggedAsset> {
  // With a filter: without one, every version that went would be looked into as a gap.
  for await (const batch of bus.read({ stream: ASSETS_STREAM, from, subjects: [SUBJECTS] }, signal)) {
    for (const message of batch) yield logged(message);
  }
}

/** Whether a version was refused because another writer had stored one meanwhile. */
export const isOvertaken = (error: unknown): boolean =>
  error instanceof VitalsError && error.code === 'GV-BUS-002' && /\(100(71|64)\)$/.test(error.message);

/** A version to store. */
export interface AssetVersion {
  readonly asset: Asset;
  /** Position of the version that it was built on, 0 for a new asset. */
  readonly after: number;
  /** Since when its tenant has it, where another one had it before (epoch ms): beside the asset, since a log of few versions forgets who had it before. */
  readonly tenant_since?: number | undefined;
}

/**
 * Stores new versions: GV-BUS-002 when another writer was faster (`isOvertaken`), with what was stored by then left
 * standing.
 */
export async function logAssets(bus: Bus, versions: readonly AssetVersion[]): Promise<void> {
  for (const result of await logEachAsset(bus, versions)) if (result.status === 'rejected') throw result.reason;
}

/** The same, with what became of each: the position at which it lies, or why it was refused. */
export async function logEachAsset(
  bus: Bus,
  versions: readonly AssetVersion[],
): Promise<PromiseSettledResult<number>[]> {
  const publisher = bus.publisher();
  try {
    const stored: Promise<PromiseSettledResult<number>>[] = [];
    for (const { asset, after, tenant_since } of versions) {
      const message = {
        subject: assetSubject(asset.gpu_uuid),
        data: Buffer.from(JSON.stringify({ ...asset, tenant_since }), 'utf8'),
        headers: { 'Content-Type': 'application/json', 'Nats-Expected-Last-Subject-Sequence': String(after) },
      };
      stored.push(
        publisher.publish(message).then(
          ({ position }) => ({ status: 'fulfilled', value: position }),
          (reason: unknown) => ({ status: 'rejected', reason }),
        ),
      );
      const full = publisher.pressure();
      if (full !== null) await full;
    }
    return await Promise.all(stored);
  } finally {
    await publisher.close();
  }
}

/** `vitals.gpu_assets.<gpu>`: one subject an asset, also where a UUID has characters that a subject cannot carry. */
function assetSubject(gpuUuid: string): string {
  const token = subjectToken(gpuUuid);
  return `vitals.gpu_assets.${token === gpuUuid ? token : `${token}~${causeId(gpuUuid)}`}`;
}

function logged(message: {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly position: number;
  readonly arrived_at: number;
}): LoggedAsset {
  const { subject, data, position, arrived_at } = message;
  const fields = fieldsOf(data);
  const since = fields?.tenant_since;
  const told = typeof since === 'number' && Math.abs(since) <= EPOCH_MS_MAX ? { tenant_since: since } : {};
  return { asset: fields === null ? null : assetOf(fields), subject, position, arrived_at, ...told };
}

/** Fields by the table's specification; unknown ones are left, absent ones are unknown facts. */
export function readAsset(data: Uint8Array): Asset | null {
  const fields = fieldsOf(data);
  return fields === null ? null : assetOf(fields);
}

function fieldsOf(data: Uint8Array): Readonly<Record<string, unknown>> | null {
  let told: unknown;
  try {
    told = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'));
  } catch {
    return null;
  }
  return typeof told === 'object' && told !== null ? (told as Readonly<Record<string, unknown>>) : null;
}

function assetOf(fields: Readonly<Record<string, unknown>>): Asset | null {
  const asset: Record<string, unknown> = {};
  for (const { name, type } of GPU_ASSETS.columns) {
    const value = fields[name];
    const text = type === 'SYMBOL' || type === 'VARCHAR';
    const instant = type === 'TIMESTAMP';
    if (text) asset[name] = typeof value === 'string' ? value : '';
    else if (typeof value !== 'number' || !Number.isFinite(value)) asset[name] = null;
    else asset[name] = !instant || Math.abs(value) <= EPOCH_MS_MAX ? value : null;
  }
  const { gpu_uuid, ts, registered_at } = asset;
  const whole = gpu_uuid !== '' && Number(ts) > 0 && Number(registered_at) > 0;
  return whole ? (asset as unknown as Asset) : null;
}
