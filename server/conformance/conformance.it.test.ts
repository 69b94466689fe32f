import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import { type ConsoleWorld, startConsoleWorld } from '../web/console.fixture.ts';
import { judgeAnswer } from './judge.fixture.ts';
import { readDescription } from './openapi.fixture.ts';
import { requestsTo } from './requests.fixture.ts';

const CASES_EACH = Number(process.env.FUZZ_API_CASES_EACH ?? 12);
const SEED = Number(process.env.FUZZ_API_SEED ?? 20_260_101);
/** The first takes long; this world has no models for the others. */
const LEFT_OUT = ['/api/v1/alert-rules/preview', '/api/v1/predict/failure', '/api/v1/health/score'];
/** This world has no channels, keys, configuration, engine and simulated fleet; all else must answer. */
const NOT_HERE = [
  ...['POST /api/v1/alert-channels/{name}/test', 'GET /api/v1/keys', 'GET /api/v1/config', 'GET /api/v1/doctor'],
  ...['POST /api/v1/inject', 'GET /api/v1/inject/stories', 'GET /readyz'],
];

let world: ConsoleWorld;
beforeAll(async () => {
  const start_ms = systemClock.now();
  world = await startConsoleWorld({ gpus: 8, start_ms, interval_ms: 10_000, stale_after_ms: 60_000 });
  world.feed(start_ms, 'live');
}, 600_000);
afterAll(() => world?.stop());

it('answers over HTTP from real tables and streams as its document says, whatever is asked', async () => {
  const base = world.api_url;
  const description = readDescription(await (await fetch(`${base}/openapi.json`)).text());
  const [gpu = ''] = world.fleet.gpuUuids();
  const known = { gpu_uuid: [gpu, 'GPU-none'], id: ['A1'], version: ['1'], name: ['ops'], position: ['1'] };
  const wrong: string[] = [];
  const away = new Set<string>();
  let asked = 0;
  for (const operation of description.operations.filter(({ path }) => !LEFT_OUT.includes(path))) {
    const requests = fc.sample(requestsTo(description, operation, known), { numRuns: CASES_EACH, seed: SEED });
    for (const { target, headers, body, broken } of requests) {
      const { method } = operation;
      const response = await fetch(`${base}${target}`, { method, headers, ...(body === undefined ? {} : { body }) });
      const { status } = response;
      const judged = judgeAnswer(description, operation, {
        status,
        headers: response.headers,
        text: await response.text(),
      });
      asked++;
      // Node refuses the longest targets itself.
      if (status === 431) continue;
      if (status === 503) away.add(`${method} ${operation.path}`);
      const shown = `${method} ${target.slice(0, 300)} ${(body ?? '').slice(0, 300)}`;
      if (judged !== null) wrong.push(`${shown}: ${judged}`);
      else if (broken !== null && status !== 400 && status !== 404) wrong.push(`${shown}: ${broken}, but ${status}`);
    }
  }
  expect(wrong).toEqual([]);
  expect([...away].filter((one) => !NOT_HERE.includes(one))).toEqual([]);
  expect(asked).toBeGreaterThan(500);
}, 600_000);
