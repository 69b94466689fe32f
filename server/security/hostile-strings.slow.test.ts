import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assetOf, populated } from '../api.fixture.ts';
import { type Operation, readDescription } from '../conformance/openapi.fixture.ts';
import { valuesOf } from '../conformance/values.fixture.ts';
import { keyring } from './keyring.fixture.ts';

/** In everything hostile, and nowhere else. */
const MARK = 'zq7x';
const HOSTILE = [
  `${MARK}' OR '1'='1`,
  `${MARK}'; DROP TABLE gpu_metrics; --`,
  `${MARK}" UNION SELECT * FROM alerts --`,
  `${MARK}/* comment */`,
  `${MARK}\\'; SELECT 1`,
  `${MARK}) OR (1=1`,
  `${MARK}$1 $2 \${x}`,
  `${MARK}\u02bc\u2019\uff07 \u037e`,
  `${MARK}\u0000\r\n;`,
  `${MARK}%27%3B--`,
  MARK,
];
const KNOWN: Readonly<Record<string, string>> = {
  ...{ gpu_uuid: 'GPU-00', id: 'A1', version: '2', position: '2', name: 'ops' },
};

type World = ReturnType<typeof populated>;
const { operations, description } = await (async () => {
  const read = readDescription(await (await populated().get('/openapi.json')).text());
  return { operations: read.operations, description: read };
})();

const targetOf = ({ path }: Operation, given: Readonly<Record<string, string>> = {}): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(given[name] ?? KNOWN[name] ?? 'x'));

/** A text in place of every text of a value. */
function spoiled(value: unknown, text: string): unknown {
  if (typeof value === 'string') return text;
  if (Array.isArray(value)) return value.map((one) => spoiled(one, text));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, spoiled(one, text)]));
}

/** Asks, and tells the statements that hold what was sent; counts the parameters that do. */
function watched(world: World) {
  const wrong: string[] = [];
  let bound = 0;
  return {
    wrong,
    bound: () => bound,
    async ask(what: string, target: string, init: RequestInit = {}): Promise<Response> {
      world.asked.length = 0;
      const answer = await world.app.request(target, init);
      for (const { sql, parameters } of world.asked) {
        if (sql.includes(MARK)) wrong.push(`${what}: ${sql.slice(0, 300)}`);
        if (JSON.stringify(parameters).includes(MARK)) bound++;
      }
      if (answer.status === 500) wrong.push(`${what}: 500`);
      return answer;
    },
  };
}

/** Cursors that a list gives in each of its orders, with a text in place of those that they hold. */
async function spoiledCursors(
  world: World,
  operation: Operation,
  text: string,
  headers: Record<string, string>,
): Promise<string[]> {
  const sort = operation.parameters.find(({ name }) => name === 'sort');
  const orders = (sort === undefined ? [] : (description.resolved(sort.schema).enum ?? [])).map(
    (one) => `&sort=${one}`,
  );
  const found: string[] = [];
  for (const order of ['', ...orders]) {
    const answer = await world.app.request(`${targetOf(operation)}?limit=1${order}`, { headers });
    const { next = null } = (await answer.json()) as { next?: string | null };
    if (next === null) continue;
    const keys: unknown = JSON.parse(Buffer.from(next, 'base64url').toString());
    const cursor = Buffer.from(JSON.stringify(spoiled(keys, text))).toString('base64url');
    found.push(`limit=1${order}&cursor=${cursor}`);
  }
  return found;
}

async function readAll(world: World, headers: Record<string, string>): Promise<{ wrong: string[]; bound: number }> {
  const watch = watched(world);
  for (const operation of operations.filter(({ method }) => method === 'GET')) {
    for (const [i, text] of HOSTILE.entries()) {
      for (const { name, in: place } of operation.parameters) {
        const query = place === 'query' ? `?${name}=${encodeURIComponent(text)}` : '';
        const target = targetOf(operation, place === 'path' ? { [name]: text } : {}) + query;
        await watch.ask(`${operation.path} ${name}`, target, { headers });
      }
      // A few are enough to tell whether what stands in cursors is bound.
      if (i > 2 || !operation.is_list) continue;
      for (const query of await spoiledCursors(world, operation, text, headers)) {
        await watch.ask(`${operation.path} ${query}`, `${targetOf(operation)}?${query}`, { headers });
      }
    }
  }
  return { wrong: watch.wrong, bound: watch.bound() };
}

describe('what somebody sends never becomes part of a statement', () => {
  it('in paths, filters, orders, times and cursors', async () => {
    const { wrong, bound } = await readAll(populated(), {});
    expect(wrong).toEqual([]);
    expect(bound).toBeGreaterThan(1_000);
  });

  it('of a tenant, whose name and whose GPUs are called so too', async () => {
    const keys = keyring();
    const tenant = `${MARK}'; --`;
    const world = populated({ gate: keys.gate });
    world.tables.assets = HOSTILE.map((text) => assetOf(text, { node: text, tenant }));
    world.sample(HOSTILE[1] as string, { power_watts: 300 }, { node: HOSTILE[1] as string });
    const headers = { Authorization: `Bearer ${keys.add({ role: 'admin', tenant })}` };
    const { wrong, bound } = await readAll(world, headers);
    expect(wrong).toEqual([]);
    expect(bound).toBeGreaterThan(1_000);
  });

  it('in bodies', async () => {
    const world = populated();
    const watch = watched(world);
    const sent = operations.filter(({ body }) => body['application/json'] !== undefined);
    expect(sent.length).toBeGreaterThan(20);
    for (const operation of sent) {
      const schema = description.resolved(operation.body['application/json']?.schema ?? {});
      const samples = fc.sample(valuesOf(description, schema, { gpu_uuid: ['GPU-00'] }), { numRuns: 6, seed: 1 });
      for (const text of HOSTILE) {
        const ruined = samples.map((sample) => spoiled(sample, text));
        // One text at a time too, so that the others are good enough to be read on.
        const single = samples.flatMap((sample) =>
          Object.entries((sample ?? {}) as Record<string, unknown>).map(([name, value]) => ({
            ...(sample as object),
            [name]: spoiled(value, text),
          })),
        );
        for (const body of [...ruined, ...single]) {
          const headers = { 'Content-Type': 'application/json' };
          const init = { method: operation.method, headers, body: JSON.stringify(body) };
          await watch.ask(`${operation.method} ${operation.path}`, targetOf(operation), init);
        }
      }
    }
    expect(watch.wrong).toEqual([]);
    expect(watch.bound()).toBeGreaterThan(20);
  });
});
