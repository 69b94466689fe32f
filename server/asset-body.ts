import { z } from '@hono/zod-openapi';
import type { AssetFacts } from '../pipeline/asset-merge.ts';
import type { Asset } from '../pipeline/contract/events.ts';
import { parseInstant } from '../pipeline/contract/time.ts';
import { BadRequest } from './problem.ts';

/** What people may tell of an asset as JSON: what is left out stays as it is, null or an empty text is told to be unknown. */
const NOTE_CHARACTERS_MAX = 4_000;
// Names end up in subjects, labels and terminals.
const PLAIN = /^[^\p{Cc}]*$/u;

const name = z
  .string()
  .trim()
  .max(256)
  .regex(PLAIN, 'Must not have control characters')
  .nullable()
  .transform((text) => text ?? '')
  .openapi({ type: ['string', 'null'], maxLength: 256 });
const instant = z
  .union([z.number(), z.string()])
  .transform(parseInstant)
  .refine((ms) => !Number.isNaN(ms), 'Must be epoch milliseconds or ISO 8601')
  .openapi({ type: ['string', 'integer'], description: 'Epoch ms or ISO 8601.' });
const instantOrNull = instant
  .nullable()
  .openapi({ type: ['string', 'integer', 'null'], description: 'Epoch ms or ISO 8601.' });
const amount = z.number().min(0).nullable();

const facts = {
  node: name,
  model: name,
  serial: name,
  pci_bus_id: name,
  cluster: name,
  rack: name,
  slot: name,
  owner: name,
  tenant: name,
  deployed_at: instantOrNull,
  warranty_until: instantOrNull,
  purchase_price: amount,
  operating_hours: amount,
  registered_at: instant,
  status: z.enum(['active', 'maintenance', 'retired']),
  note: z
    .string()
    .max(NOTE_CHARACTERS_MAX)
    .nullable()
    .transform((text) => text ?? '')
    .openapi({ type: ['string', 'null'], maxLength: NOTE_CHARACTERS_MAX }),
  retired_at: instantOrNull,
};

const uuid = z.string().trim().min(1).max(256).regex(PLAIN, 'Must not have control characters');
/** An asset may be sent back as it was answered, with what is no fact of it. */
const ignored = { ts: instant.optional().openapi({ description: 'Is ignored: when it was told is for us to say.' }) };

/** `PATCH /assets/{gpu_uuid}`. */
export const assetChangeSchema = z
  .strictObject({
    ...ignored,
    gpu_uuid: uuid.optional().openapi({ description: 'The same as in the path, if at all.' }),
    ...z.strictObject(facts).partial().shape,
  })
  .refine((told) => Object.keys(told).some((field) => field !== 'ts'), 'Names no field to change')
  .openapi('AssetChange');

/** `POST /assets`. */
export const assetBodySchema = z
  .strictObject({ ...ignored, gpu_uuid: uuid, ...z.strictObject(facts).partial().shape })
  .openapi('AssetRequest');

/** `POST /assets/{gpu_uuid}/retire`. */
export const retireBodySchema = z
  .strictObject({
    retired_at: instant.optional().openapi({ description: 'Now when absent.' }),
    note: facts.note.optional(),
  })
  .openapi('RetireRequest');

/**
 * Facts whose status and time of retirement go together: to retire is to be out of service since now, and what is in
 * service again was never retired. Throws GV-API-001 where both are told and contradict each other.
 */
export function settledFacts(
  told: Omit<z.output<typeof assetBodySchema>, 'ts' | 'gpu_uuid'>,
  before: Asset | null,
  now: number,
): Omit<AssetFacts, 'gpu_uuid'> {
  const facts = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)) as Omit<
    AssetFacts,
    'gpu_uuid'
  >;
  const { status, retired_at } = facts;
  if (status === undefined && retired_at === undefined) return facts;
  const retired = status === undefined ? retired_at !== null : status === 'retired';
  if (retired) {
    if (retired_at === null)
      throw new BadRequest([{ field: 'retired_at', detail: 'Cannot be empty of what is retired' }]);
    return { ...facts, status: 'retired', retired_at: retired_at ?? before?.retired_at ?? now };
  }
  if (typeof retired_at === 'number') {
    throw new BadRequest([{ field: 'retired_at', detail: `Cannot be told of what is ${status}` }]);
  }
  const again = before?.status === 'retired' || before === null ? 'active' : before.status;
  return { ...facts, status: status ?? again, retired_at: null };
}
