import { z } from 'zod';
import type { Alert } from '../contract/alerts.ts';
import { EPOCH_MS_MAX } from '../contract/time.ts';

const NAME = z.string().max(256);
const TEXT = z.string().max(4_000);
const INSTANT = z.number().int().min(1).max(EPOCH_MS_MAX);
const GPUS_MAX = 10_000;

/** What becomes a key, a subject or a part of an address. */
export const ALERT_ID = /^[A-Za-z0-9_-]{1,64}$/;

export const alertSchema = z
  .object({
    ts: INSTANT,
    gpu_uuid: NAME,
    node: NAME,
    instance: NAME,
    id: z.string().regex(ALERT_ID),
    rule: NAME.min(1),
    severity: z.enum(['info', 'warning', 'critical']),
    state: z.enum(['open', 'closed']),
    summary: TEXT.min(1),
    action_text: TEXT,
    action: z.enum(['none', 'restart_application', 'reset_gpu', 'reboot_node', 'drain_and_reset', 'replace_gpu']),
    category: NAME,
    source: z.enum([
      'anomalies',
      'xid_episodes',
      'incidents',
      'gpu_health_scores',
      'gpu_failure_predictions',
      'alert-channels',
    ]),
    source_id: NAME,
    model: NAME,
    cluster: NAME,
    rack: NAME,
    owner: NAME,
    tenant: NAME,
    job: NAME,
    gpus: z.array(NAME).max(GPUS_MAX).optional(),
    opened_at: INSTANT,
    closed_at: INSTANT.nullable(),
  })
  .refine(({ ts, opened_at }) => ts === opened_at, 'ts is not opened_at')
  .refine(({ state, closed_at }) => (state === 'open') === (closed_at === null), 'closed_at does not fit the state');

/** An alert from a message that anybody on the bus may have sent; a text says what is wrong with it. */
export function readAlert(data: Uint8Array): Alert | string {
  let told: unknown;
  try {
    told = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'));
  } catch {
    return 'not JSON';
  }
  const read = alertSchema.safeParse(told);
  if (!read.success) {
    const [issue] = read.error.issues;
    return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not an alert'}`.slice(0, 300);
  }
  const { gpus, ...alert } = read.data;
  return gpus === undefined ? alert : { ...alert, gpus };
}
