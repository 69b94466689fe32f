import { parseXgboostFile, readXgboostFile } from '../models/xgboost/read-model.ts';
import type { TreeModel } from '../models/xgboost/tree-model.ts';
import { VitalsError } from './contract/errors.ts';
import { openFile } from './replay/byte-source.ts';

/** A model of ten thousand trees is some hundred MB; what is larger is something else. */
const MODEL_BYTES_MAX = 2 ** 30;

export interface ModelFile {
  readonly model: TreeModel;
  /** The document as it lay in the file, unpacked. */
  readonly bytes: Uint8Array;
}

/**
 * Reads and checks an XGBoost model file, JSON or UBJSON, plain or gzip. Throws VitalsError GV-CLI-002 when the file cannot be
 * read, GV-MDL-001 and GV-MDL-002 as readXgboostFile.
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  const source = openFile(path);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source.chunks) {
    size += chunk.length;
    if (size > MODEL_BYTES_MAX) {
      throw new VitalsError('GV-MDL-001', `the model file has more than ${MODEL_BYTES_MAX} bytes`, path);
    }
    parts.push(chunk);
  }
  const damage = source.damage();
  if (damage !== null) throw new VitalsError('GV-CLI-002', `the input cannot be unpacked (${damage})`, path);
  const bytes = Buffer.concat(parts);
  return { model: readXgboostFile(bytes, path), bytes };
}

/** The document of a file as JSON can carry it, whatever it was written as: typed lists become plain ones. */
export const plainDocument = (bytes: Uint8Array, where: string): unknown =>
  JSON.parse(
    JSON.stringify(parseXgboostFile(bytes, where), (_, value: unknown) =>
      ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value,
    ),
  );

/** What a model is, for a person or a registry. */
export interface ModelDescription {
  readonly objective: string;
  readonly trees: number;
  readonly nodes: number;
  readonly deepest: number;
  readonly features: number;
  readonly feature_names: readonly string[];
  readonly outputs: number;
  readonly categorical: boolean;
}

export const describeModel = (model: TreeModel): ModelDescription => ({
  objective: model.objective,
  trees: model.tree_count,
  nodes: model.feature.length,
  deepest: model.depths.reduce((most, depth) => Math.max(most, depth), 0),
  features: model.feature_count,
  feature_names: model.feature_names,
  outputs: model.groups,
  categorical: model.sets.length > 0,
});
