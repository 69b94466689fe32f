import { expect, it } from 'vitest';
import { NOW } from '../api.fixture.ts';
import { type Operation, type Parameter, readDescription } from '../conformance/openapi.fixture.ts';
import { accessOf } from './access.ts';
import { keyring } from './keyring.fixture.ts';
import { foreignTo, idOf, tenantsWorld } from './tenants.fixture.ts';

/** The same keys in front of two worlds that differ in nothing but in what is not red's. */
const keys = keyring();
const red = keys.add({ role: 'admin', tenant: 'red' });
const whole = keys.add({ role: 'admin' });
const worlds = [tenantsWorld(keys.gate, 'some'), tenantsWorld(keys.gate, 'more')] as const;
const [some, more] = worlds;
const description = readDescription(
  await (await some.get('/openapi.json', { Authorization: `Bearer ${whole}` })).text(),
);

const NAMES: Readonly<Record<string, readonly string[]>> = {
  gpu_uuid: ['GPU-red-1', 'GPU-blue-1', 'GPU-none-1', 'GPU-b'],
  node: ['node-red', 'node-blue', 'node-shared', 'node-none'],
  tenant: ['red', 'blue', ''],
  id: ['red', 'blue', 'both', idOf('GPU-blue-1')],
};
const TEXTS = ['x', 'blue', 'GPU-blue-2', 'job-blue', 'note-blue', 'c1', ''];
const INSTANTS = [NOW - 3_600_000, NOW - 1_000, NOW, NOW + 1].map(String);

/** What can be given for a parameter, by its schema and by its name. */
function valuesFor({ name, schema }: Parameter): readonly string[] {
  const one = description.resolved(schema);
  const choices = one.enum ?? one.anyOf?.flatMap((other) => description.resolved(other).enum ?? []) ?? [];
  if (choices.length > 0) return choices.map(String);
  if (one.description?.includes('Epoch ms or ISO 8601')) return INSTANTS;
  if (one.type === 'integer' || one.type === 'number') return ['1', '2', '1000'];
  if (one.type === 'boolean') return ['true', 'false'];
  return NAMES[name] ?? TEXTS;
}

/** Every value of every parameter alone, each with the smallest page, and each with some of the orders. */
function queriesOf({ parameters }: Operation): readonly string[] {
  const asked = parameters.filter((one) => one.in === 'query' && one.name !== 'cursor');
  const pairs = asked.map((one) => valuesFor(one).map((value) => `${one.name}=${encodeURIComponent(value)}`));
  const singles = pairs.flat();
  const orders = singles.filter((pair) => pair.startsWith('sort='));
  const filters = singles.filter((pair) => !/^(sort|limit)=/.test(pair));
  const paged = asked.some(({ name }) => name === 'limit') ? singles.filter((pair) => !pair.startsWith('limit=')) : [];
  return [
    '',
    ...singles,
    ...paged.map((pair) => `${pair}&limit=1`),
    // Every filter meets some of the orders, and every order some of the filters.
    ...filters.flatMap((pair, i) => orders.filter((_, j) => (i + j) % 4 === 0).map((order) => `${pair}&${order}`)),
  ];
}

function addressesOf(path: string): readonly string[] {
  if (path.includes('{gpu_uuid}')) return ['GPU-red-2', 'GPU-blue-2'].map((one) => path.replace('{gpu_uuid}', one));
  return [path.replace('{id}', idOf('GPU-blue-1'))];
}

const told = async (world: (typeof worlds)[number], target: string, key: string, accept: string) => {
  const answer = await world.get(target, { Authorization: `Bearer ${key}`, Accept: accept });
  const total = answer.headers.get('X-Total-Count');
  return { status: answer.status, total, link: answer.headers.get('Link'), text: await answer.text() };
};

const routeOf = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1');
const readable = description.operations.filter(
  ({ method, path }) => method === 'GET' && accessOf('GET', routeOf(path))?.tenants === 'own',
);

it('no query tells a tenant anything that depends on what others have', async () => {
  expect(readable.length).toBeGreaterThan(25);
  const wrong: string[] = [];
  let asked = 0;
  let good = 0;
  let other = 0;
  for (const operation of readable) {
    for (const address of addressesOf(operation.path)) {
      for (const [i, query] of queriesOf(operation).entries()) {
        const target = `${address}${query === '' ? '' : `?${query}`}`;
        const accept = operation.is_list && i % 5 === 0 ? 'text/csv' : 'application/json';
        const [one, two] = [await told(some, target, red, accept), await told(more, target, red, accept)];
        asked++;
        if (one.status === 200) good++;
        if (JSON.stringify(one) !== JSON.stringify(two)) wrong.push(`${target}: ${one.text} became ${two.text}`);
        // What was sent may be said back where it is refused.
        const judged = one.status === 200 ? one.text : '';
        const leak = foreignTo('red').exec(judged)?.[0];
        if (leak !== undefined) wrong.push(`${target} tells ${leak}`);
        if (one.status >= 500) wrong.push(`${target}: ${one.status}`);
        if (i % 10 > 0) continue;
        const [all, others] = [await told(some, target, whole, accept), await told(more, target, whole, accept)];
        if (all.text !== others.text) other++;
      }
    }
  }
  expect(wrong.slice(0, 20)).toEqual([]);
  expect(asked).toBeGreaterThan(3_000);
  expect(good).toBeGreaterThan(1_500);
  // The two worlds are not the same.
  expect(other).toBeGreaterThan(50);
}, 300_000);

it('nor does a cursor that others were given', async () => {
  const wrong: string[] = [];
  let given = 0;
  for (const operation of readable.filter(({ is_list }) => is_list)) {
    const sort = operation.parameters.find(({ name }) => name === 'sort');
    const orders = sort === undefined ? [''] : ['', ...valuesFor(sort).map((value) => `&sort=${value}`)];
    const address = operation.path.replace('{gpu_uuid}', 'GPU-red-1');
    for (const order of orders) {
      const first = await told(more, `${address}?limit=1${order}`, whole, 'application/json');
      const next = first.status === 200 ? (JSON.parse(first.text) as { next: string | null }).next : null;
      if (next === null) continue;
      given++;
      const target = `${address}?limit=2${order}&cursor=${next}`;
      const [one, two] = [await told(some, target, red, '*/*'), await told(more, target, red, '*/*')];
      if (one.text !== two.text || one.status >= 500) wrong.push(`${target}: ${one.text} became ${two.text}`);
      const leak = foreignTo('red').exec(one.status === 200 ? one.text : '')?.[0];
      if (leak !== undefined) wrong.push(`${target} tells ${leak}`);
    }
  }
  expect(wrong.slice(0, 20)).toEqual([]);
  expect(given).toBeGreaterThan(10);
});
