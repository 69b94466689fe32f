import { z } from 'zod';

/** A list of numbers, plain from JSON or typed from UBJSON. What it holds is checked where it is used. */
export type Numbers = ArrayLike<number>;

function isNumbers(value: unknown): value is Numbers {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (typeof value[i] !== 'number' && value[i] !== null) return false;
    return true;
  }
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** A NaN of a JSON file arrives as null: the thresholds of categorical nodes are NaN. */
const numbers = z
  .custom<Numbers>(isNumbers, { error: 'must be a list of numbers' })
  .transform(
    (list): Numbers =>
      Array.isArray(list) && list.includes(null) ? list.map((one: number | null) => one ?? Number.NaN) : list,
  );
/** XGBoost before 1.6 wrote true and false. */
const flags = z
  .unknown()
  .transform((value) =>
    Array.isArray(value) ? value.map((one) => (typeof one === 'boolean' ? Number(one) : one)) : value,
  )
  .pipe(numbers);

/** Parameters are numbers in text: "7", "5E-1". */
const whole = z
  .union([z.string(), z.number()])
  .transform((value) => (value === '' ? Number.NaN : Number(value)))
  .refine((value) => Number.isInteger(value) && value >= 0 && value <= 2 ** 32, { error: 'must be a whole number' });

/** A number, a number in text, a list of them, or a list in text, one entry a group (3.1 and later). */
const baseScore = z
  .union([z.string(), z.number(), z.array(z.union([z.string(), z.number()]))])
  .transform((value) => {
    if (typeof value !== 'string') return (Array.isArray(value) ? value : [value]).map(Number);
    const inner = /^\s*\[(.*)\]\s*$/s.exec(value)?.[1] ?? value;
    return inner.split(',').map((text) => (text.trim() === '' ? Number.NaN : Number(text)));
  })
  .refine((values) => values.length > 0 && values.every(Number.isFinite), {
    error: 'must be a number or a list of them',
  });

const tree = z.object({
  left_children: numbers,
  right_children: numbers,
  split_indices: numbers,
  split_conditions: numbers,
  default_left: flags,
  /** Trees whose leaves have several outputs lack it; they are refused by name later. */
  sum_hessian: numbers.default([]),
  split_type: numbers.optional(),
  categories: numbers.optional(),
  categories_nodes: numbers.optional(),
  categories_segments: numbers.optional(),
  categories_sizes: numbers.optional(),
  tree_param: z.object({ num_nodes: whole, size_leaf_vector: whole.default(0) }),
});

const booster = z.object({
  model: z.object({
    gbtree_model_param: z.object({ num_trees: whole }),
    tree_info: numbers,
    trees: z.array(tree),
  }),
});

export const documentSchema = z.object({
  learner: z.object({
    feature_names: z.array(z.string()).default([]),
    feature_types: z.array(z.string()).default([]),
    gradient_booster: z.discriminatedUnion('name', [
      booster.extend({ name: z.literal('gbtree') }),
      z.object({ name: z.literal('dart'), gbtree: booster, weight_drop: numbers }),
    ]),
    learner_model_param: z.object({
      base_score: baseScore,
      num_class: whole.default(0),
      num_target: whole.default(1),
      num_feature: whole,
    }),
    objective: z.object({ name: z.string() }),
  }),
});

export type TreeDocument = z.output<typeof tree>;

/** The name of the booster, read before all else, because another booster's document has another form. */
export const boosterSchema = z.object({ learner: z.object({ gradient_booster: z.object({ name: z.string() }) }) });
