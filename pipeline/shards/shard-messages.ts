import type { ErrorCode } from '../contract/error-catalogue.ts';
import { VitalsError } from '../contract/errors.ts';
import type { Asset } from '../contract/events.ts';
import type { KeptGroup } from '../group-keeper.ts';
import { notePlace, placeOf, placeText, type StepPlace } from '../step-place.ts';
import type { KnownAsset } from '../write-inventory.ts';
import type { PackedMessages } from './packed-messages.ts';

/** What a shard is asked and answers, in the order of asking where it depends on the messages before. */
export interface Questions {
  /** Loads its groups; null when one cannot be read. `taken`: up to where the fleet has taken what groups tell. */
  readonly restore: { readonly asks: { groups: readonly KeptGroup[]; taken: number }; readonly answers: Kept };
  /** Everything written out so far is durable. */
  readonly flush: { readonly asks: null; readonly answers: null };
  /** The copies are written to their files. */
  readonly write: { readonly asks: null; readonly answers: null };
  /** What the shard's groups know of these boards, with what people tell of them. */
  readonly assets: { readonly asks: readonly Asset[]; readonly answers: readonly KnownAsset[] };
  /** The sinks are closed; nothing may follow. */
  readonly close: { readonly asks: null; readonly answers: null };
}
type Kept = readonly KeptGroup[] | null;

export type ToShard =
  | { readonly kind: 'poll'; readonly number: number; readonly messages: PackedMessages }
  | { readonly kind: 'reset' }
  | { readonly kind: 'copy'; readonly group: number }
  | { readonly kind: 'start_over' }
  | { readonly kind: 'rewind'; readonly position: number }
  | AskShard;
export type AskShard = {
  [Q in keyof Questions]: { readonly kind: Q; readonly id: number; readonly asks: Questions[Q]['asks'] };
}[keyof Questions];

export type FromShard =
  | ShardProgress
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly why: ErrorText }
  | { readonly kind: 'failed'; readonly why: ErrorText }
  | { readonly kind: 'tell'; readonly why: ErrorText }
  | { readonly kind: 'say'; readonly line: string };

/** A poll went through, and its sinks have room for more. */
export interface ShardProgress {
  readonly kind: 'polled';
  readonly number: number;
  /** `Picked` as JSON, which is cheaper than a clone; what waits for the fleet is plain data. */
  readonly picked: string;
  /** items_in, items_out, batches, busy_ms of each step, in the order of the groups' half of the topology. */
  readonly counters: Float64Array;
  readonly watermark: number;
  readonly gpus: number;
}

/** A port to the other side: a MessagePort, or a worker. What is transferred is gone here. */
export interface ShardPort<Out, In> {
  post(message: Out, transfer?: readonly ArrayBuffer[]): void;
  listen(handler: (message: In) => void): void;
  /** Ends the connection, and the thread behind it. */
  end(): Promise<void>;
}

export interface ErrorText {
  readonly code: ErrorCode;
  readonly what: string;
  readonly where: string;
  readonly action: string;
  readonly stack: string;
  /** Where in the topology it failed; absent when nobody noted it. */
  readonly place?: StepPlace;
}

export function errorText(error: unknown): ErrorText {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const place = placeOf(error);
  const told = { stack, ...(place !== null && { place }) };
  if (error instanceof VitalsError) return { ...error.toJSON(), ...told };
  const what = error instanceof Error ? error.message : String(error);
  const where = place === null ? 'a thread of the engine' : placeText(place);
  return { ...new VitalsError('GV-CLI-004', what, where).toJSON(), ...told };
}

export function errorOf({ code, what, where, action, stack, place }: ErrorText): VitalsError {
  const error = new VitalsError(code, what, where, { action, cause: stack });
  if (place !== undefined) notePlace(error, place);
  return error;
}
