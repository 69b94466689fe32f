import { VitalsError } from '../../pipeline/contract/errors.ts';
import { type BoostingParams, isLogistic } from './boosting-params.ts';

/** Rows to learn from. */
export interface BoostingData {
  /** Row by row, `rows` x `features.length`; NaN = missing, infinite is refused. */
  readonly values: Float32Array;
  readonly rows: number;
  /** Names of the columns, all different. */
  readonly features: readonly string[];
  /** One a row: 0 or 1 for logistic objectives, 0 .. num_class - 1 for multi:softprob, any number for reg:squarederror. */
  readonly labels: Float32Array;
  /** How many rows each row counts as, 0 or more; 1 each without. */
  readonly weights?: Float32Array;
}

/** Throws GV-MDL-201 for rows that nothing can be learned from, and says why. */
export function checkBoostingData(data: BoostingData, params: BoostingParams, name: string): void {
  const { values, rows, features, labels, weights } = data;
  const refuse = (what: string): never => {
    throw new VitalsError('GV-MDL-201', what, name);
  };
  if (rows === 0) refuse('there are no rows');
  if (features.length === 0) refuse('there are no features');
  if (values.length !== rows * features.length || labels.length !== rows) {
    refuse(`${values.length} values and ${labels.length} labels for ${rows} rows of ${features.length} features`);
  }
  if (new Set(features).size !== features.length) refuse('two features have the same name');
  const infinite = values.findIndex((value) => value === Infinity || value === -Infinity);
  if (infinite !== -1) {
    refuse(`row ${Math.floor(infinite / features.length) + 1}, ${features[infinite % features.length]}: infinite`);
  }
  if (weights !== undefined) {
    if (weights.length !== rows) refuse(`${weights.length} weights for ${rows} rows`);
    const bad = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity));
    if (bad !== -1) refuse(`row ${bad + 1}: a weight of ${weights[bad]}`);
    if (!weights.some((weight) => weight > 0)) refuse('all weights are 0');
  }
  const classes = isLogistic(params.objective) ? 2 : params.num_class;
  const bad = labels.findIndex((label) =>
    params.objective === 'reg:squarederror'
      ? !Number.isFinite(label)
      : !(Number.isInteger(label) && label >= 0 && label < classes),
  );
  if (bad !== -1) {
    const allowed = params.objective === 'reg:squarederror' ? 'a number' : `one of 0 to ${classes - 1}`;
    refuse(`row ${bad + 1}: the label ${labels[bad]} is not ${allowed}`);
  }
  if (isLogistic(params.objective) && labels.every((label) => label === labels[0])) {
    refuse(`every label is ${labels[0]}: both 0 and 1 are needed to learn from, or to judge by`);
  }
}
