import type { Draw } from '../../pipeline/simulation/seeded-random.ts';

/** Stands for `depth` brackets around nothing, which no value could be printed from once it is deep. */
const DEEP = 'deep brackets stand here';
const ODD: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -0,
    -1,
    0.5,
    1e308,
    5e-324,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    -(2 ** 53),
    1e21,
    '',
    ' ',
    '0',
    'NaN',
  ],
  ...['__proto__', 'constructor', '../../etc/passwd', '\u0000', '\ud800', [], {}, [null], [[]], { length: 1e9 }],
];
/** As JSON spells them, since no value could. */
const SPELLED = ['1e999', '-1e999', '12345678901234567890', '"\\u0000"', '1E400', 'NaN', 'Infinity', '-Infinity'];
const SPELL = 'a number stands here';

/** A JSON text with some of its values, keys and lists changed; null when the seed is no JSON object or list. */
export function mutateJson(seed: string, words: readonly string[], draw: Draw): string | null {
  let document: unknown;
  try {
    document = JSON.parse(seed);
  } catch {
    return null;
  }
  if (typeof document !== 'object' || document === null) return null;
  const root = document as object;
  let text: string;
  try {
    for (let changes = 1 + draw.below(4); changes > 0; changes--) changeSomewhere(root, words, draw);
    text = JSON.stringify(root);
  } catch {
    // Nested too deep to be gone through.
    return null;
  }
  return text
    .replaceAll(`"${SPELL}"`, () => draw.pick(SPELLED))
    .replaceAll(`"${DEEP}"`, () => {
      const depth = draw.pick([8, 70, 1_000, 20_000]);
      const [open, close] = draw.pick([
        ['[', ']'],
        ['{"a":', '}'],
      ] as const);
      return open.repeat(depth) + (open === '[' ? '' : '0') + close.repeat(depth);
    });
}

function changeSomewhere(root: object, words: readonly string[], draw: Draw): void {
  const places: (readonly [holder: Record<string, unknown>, key: string])[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const entries = Object.keys(value);
    // Of long lists a few places stand for the others.
    const step = entries.length > 64 ? Math.ceil(entries.length / 32) : 1;
    for (let i = 0; i < entries.length; i += step) {
      const key = entries[i] as string;
      places.push([value as Record<string, unknown>, key]);
      walk((value as Record<string, unknown>)[key]);
    }
  };
  walk(root);
  if (places.length === 0) return;
  const [holder, key] = draw.pick(places);
  const list = Array.isArray(holder) ? (holder as unknown[]) : null;
  switch (draw.below(8)) {
    case 0:
      put(holder, key, draw.pick(ODD));
      break;
    case 1:
      put(holder, key, draw.chance(0.8) ? SPELL : DEEP);
      break;
    case 2:
      if (list === null) delete holder[key];
      else list.splice(Number(key), 1);
      break;
    case 3:
      if (list === null) put(holder, draw.pick(['__proto__', 'constructor', 'toString', ...words]), holder[key]);
      else list.splice(Number(key), 0, holder[key]);
      break;
    case 4: {
      const [other, name] = draw.pick(places);
      put(holder, key, copy(other[name]));
      break;
    }
    case 5:
      put(holder, key, typeof holder[key] === 'number' ? nudged(holder[key], draw) : JSON.stringify(holder[key]));
      break;
    case 6:
      put(holder, key, draw.chance(0.5) ? [holder[key]] : { [draw.chance(0.5) ? 'a' : '__proto__']: holder[key] });
      break;
    default:
      put(holder, key, words.length === 0 ? draw.pick(ODD) : draw.pick(words));
  }
}

/** As a property of its own, whatever its name. */
function put(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

const nudged = (value: number, draw: Draw): number =>
  draw.pick([value + 1, value - 1, -value, value * 1e9, value + 0.5]);

const copy = (value: unknown): unknown => (value === undefined ? null : JSON.parse(JSON.stringify(value)));
