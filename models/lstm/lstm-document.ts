import { z } from 'zod';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { FAILURE_TYPES } from '../../pipeline/contract/predictions.ts';
import { packHalves, unpackHalves } from './half-floats.ts';
import { groupCount, type LstmModel, placesOf } from './lstm-model.ts';

const positive = z.number().positive().finite();

const input = z.strictObject({
  name: z.string().min(1).max(200),
  transform: z.enum(['linear', 'log1p']),
  mean: z.number().min(-1e30).max(1e30),
  std: z.number().min(1e-12).max(1e30),
  half_life_steps: positive,
  group: z.int().min(0).max(511),
});

const lstmDocument = z.strictObject({
  format: z.literal('gpu-vitals-lstm'),
  version: z.literal(1),
  layers: z.int().min(1).max(4),
  units: z.int().min(1).max(512),
  inputs: z.array(input).min(1).max(512),
  types: z.tuple([z.literal('memory'), z.literal('thermal'), z.literal('power'), z.literal('other')]),
  state_half_life_steps: positive,
  temperature: z.number().min(1e-3).max(1e3),
  precision: z.enum(['f32', 'f16']),
  weights: z.base64().max(16_000_000),
});

/** A recurrent network as JSON carries it; `weights` are little-endian, in base64. */
export type LstmDocument = z.infer<typeof lstmDocument>;

/**
 * Takes a document that anybody may have written. What is taken gives numbers.
 * Errors: GV-CLI-002 with the field that is wrong, when it is no such document or its weights do not fit its shape.
 */
export function readLstm(document: unknown, where: string): LstmModel {
  const parsed = lstmDocument.safeParse(document);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refused(issue ? `${issue.path.join('.') || 'the document'}: ${issue.message}` : 'unreadable', where);
  }
  const { inputs, layers, units, state_half_life_steps, temperature, precision } = parsed.data;
  if (new Set(inputs.map(({ name }) => name)).size < inputs.length) throw refused('two inputs share a name', where);
  if (new Set(inputs.map(({ group }) => group)).size < groupCount(inputs)) {
    throw refused('a group has no inputs', where);
  }
  const bytes = new Uint8Array(Buffer.from(parsed.data.weights, 'base64'));
  const bytes_each = precision === 'f16' ? 2 : 4;
  const shape = { inputs, layers, units, state_half_life_steps };
  const { count } = placesOf(shape);
  if (bytes.length !== count * bytes_each) {
    throw refused(`${bytes.length} bytes of weights where ${count * bytes_each} are needed`, where);
  }
  const weights = precision === 'f16' ? unpackHalves(bytes) : readSingles(bytes);
  // Sums over a few hundred such products stay finite.
  if (!weights.every((weight) => Math.abs(weight) < 1e6)) throw refused('a weight is no usable number', where);
  return { ...shape, temperature, weights };
}

/**
 * The model as JSON can carry it. In f32 it comes back bit for bit; f16 halves the size (2 x 128 with 32 inputs: 0.62 MB of
 * text) and moved probabilities by at most 0.0002, in the mean 0.00001, where it was measured (19,000 steps after training).
 */
export function writeLstm(model: LstmModel, precision: 'f32' | 'f16'): LstmDocument {
  const { inputs, layers, units, state_half_life_steps, temperature, weights } = model;
  const bytes = precision === 'f16' ? packHalves(weights) : writeSingles(weights);
  return {
    format: 'gpu-vitals-lstm',
    version: 1,
    layers,
    units,
    inputs: inputs.map((one) => ({ ...one })),
    types: [...FAILURE_TYPES],
    state_half_life_steps,
    temperature,
    precision,
    weights: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
  };
}

function readSingles(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength >> 2 }, (_, i) => view.getFloat32(i * 4, true));
}

function writeSingles(values: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i] as number, true);
  return new Uint8Array(view.buffer);
}

const refused = (what: string, where: string): VitalsError =>
  new VitalsError('GV-CLI-002', `This is no recurrent network: ${what}`, where);
