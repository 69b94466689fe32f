import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settableClock } from '../clock.ts';
import type { VitalsError } from '../contract/errors.ts';
import { mlflowClient } from './mlflow-client.ts';
import { type MlflowHttp, mlflowHttp } from './mlflow-http.ts';

type Answer = readonly [status: number, body: string] | 'cut';

let server: Server;
let url: string;
let answers: Answer[];
let seen: { readonly method: string; readonly path: string; readonly authorization: string; readonly body: string }[];
let http: MlflowHttp;

/** Says what the test has laid out, then 200. */
async function answer(request: IncomingMessage): Promise<Answer> {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { method = '', url: path = '', headers } = request;
  seen.push({ method, path, authorization: headers.authorization ?? '', body });
  return answers.shift() ?? [200, '{}'];
}

beforeEach(async () => {
  answers = [];
  seen = [];
  server = createServer((request, response) => {
    void answer(request).then((told) => {
      if (told === 'cut') response.destroy();
      else response.writeHead(told[0]).end(told[1]);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  http = mlflowHttp({ url, authorization: 'Bearer secret', ca_file: null, verify_tls: true });
});
afterEach(async () => {
  await http.close();
  await new Promise((resolve) => server.close(resolve));
});

describe('calls', () => {
  it('carry credentials, queries and bodies', async () => {
    await http.call({ method: 'GET', path: 'mlflow/x', query: { filter: "name = 'ä'" } });
    await http.call({ method: 'POST', path: 'mlflow/y', json: { a: 1 } });
    await http.call({ method: 'PUT', path: 'mlflow-artifacts/z', bytes: Buffer.from('bytes') });
    const authorization = 'Bearer secret';
    expect(seen).toEqual([
      { method: 'GET', path: '/api/2.0/mlflow/x?filter=name+%3D+%27%C3%A4%27', authorization, body: '' },
      { method: 'POST', path: '/api/2.0/mlflow/y', authorization, body: '{"a":1}' },
      { method: 'PUT', path: '/api/2.0/mlflow-artifacts/z', authorization, body: 'bytes' },
    ]);
  });

  it.each<[string, Answer[], boolean, number]>([
    ['a 503', [[503, '']], false, 2],
    ['a 500', [[500, '']], false, 2],
    ['a cut connection', ['cut'], false, 2],
    ['a 503 to something that creates', [[503, '']], true, 2],
    ['two troubles', [[502, ''], 'cut'], false, 3],
  ])('are tried again after %s', async (_, laid, creates, calls) => {
    answers = laid;
    await http.call({ method: 'POST', path: 'mlflow/x', json: {}, ...(creates && { creates: true as const }) });
    expect(seen).toHaveLength(calls);
  });

  it.each<[string, Answer[], boolean, number, string]>([
    ['a refusal', [[400, '{"error_code":"INVALID_PARAMETER_VALUE","message":"no  good"}']], false, 1, 'no good'],
    ['a page of HTML', [[404, '<html>nothing here</html>']], false, 1, 'nothing here'],
    ['no permission', [[401, '']], false, 1, '401'],
    [
      'three troubles',
      [
        [500, 'a'],
        [500, 'b'],
        [500, 'c'],
      ],
      false,
      3,
      '500: c',
    ],
    ['a cut connection where it may have created', ['cut'], true, 1, 'does not answer'],
    ['a 500 where it may have created', [[500, 'oops']], true, 1, 'oops'],
  ])('end with %s', async (_, laid, creates, calls, what) => {
    answers = laid;
    const call = http.call({ method: 'POST', path: 'mlflow/x', json: {}, ...(creates && { creates: true as const }) });
    const error = (await call.catch((cause: unknown) => cause)) as VitalsError;
    expect(error).toMatchObject({ code: 'GV-MDL-106', where: `POST ${url}/api/2.0/mlflow/x` });
    expect(error.message).toContain(what);
    expect(seen).toHaveLength(calls);
  });
});

describe('a client', () => {
  const RUN = { experiment: 'e', run_name: 'r', params: {}, metrics: {}, tags: {}, artifacts: [], model: null };
  const told: VitalsError[] = [];
  const client = (env: Record<string, string>) =>
    mlflowClient({ env, clock: settableClock(0), tell: (error) => told.push(error) });
  beforeEach(() => {
    told.length = 0;
  });

  it('is none where there is no address, without a word', () => {
    expect(client({})).toBeNull();
    expect(told).toEqual([]);
  });

  it.each([
    [{ MLFLOW_TRACKING_URI: './mlruns' }, /http/],
    [{ MLFLOW_TRACKING_URI: 'https://h', MLFLOW_TRACKING_SERVER_CERT_PATH: '/no/such/file' }, /CERT_PATH/],
  ])('is none, and told, for %j', (env, what) => {
    expect(client(env)).toBeNull();
    expect(told).toMatchObject([{ code: 'GV-MDL-106', message: expect.stringMatching(what) }]);
  });

  it.each<[string, Answer, RegExp]>([
    ['refuses us', [403, 'go away'], /403: go away/],
    ['is something else', [200, '<html>'], /is this MLflow/],
  ])('only tells when the server %s, and never a secret', async (_, first, what) => {
    answers = [first];
    const connected = client({
      MLFLOW_TRACKING_URI: url.replace('//', '//ann:hidden@'),
      MLFLOW_TRACKING_TOKEN: 'hidden',
    });
    expect(await connected?.recordTraining(RUN)).toBeNull();
    expect(told).toMatchObject([{ code: 'GV-MDL-106', message: expect.stringMatching(what) }]);
    expect(JSON.stringify(told) + told.map((error) => `${error.line()} ${error.stack}`)).not.toContain('hidden');
    expect(seen[0]?.authorization).toBe(`Basic ${Buffer.from('ann:hidden').toString('base64')}`);
    await connected?.close();
  });

  it('only tells when nobody is there', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const connected = client({ MLFLOW_TRACKING_URI: `http://127.0.0.1:${port}` });
    expect(await connected?.recordTraining(RUN)).toBeNull();
    expect(told).toMatchObject([{ code: 'GV-MDL-106', message: expect.stringContaining('ECONNREFUSED') }]);
    await connected?.close();
  });

  it('leaves files out where the server keeps none', async () => {
    answers = [
      [200, '{"experiment":{"experiment_id":"1"}}'],
      [200, '{"run":{"info":{"run_id":"abc","artifact_uri":"s3://bucket/1/abc"}}}'],
    ];
    const connected = client({ MLFLOW_TRACKING_URI: url });
    const recorded = await connected?.recordTraining({ ...RUN, artifacts: [{ path: 'x', bytes: Buffer.from('x') }] });
    expect(recorded).toEqual({ run_id: 'abc', url: `${url}/#/experiments/1/runs/abc`, model_version: null });
    expect(told).toMatchObject([{ message: expect.stringMatching(/in s3: directly, so that 1 files were left out/) }]);
    expect(seen.map(({ path }) => path.replace('/api/2.0/mlflow/', ''))).toEqual([
      'experiments/get-by-name?experiment_name=e',
      'runs/create',
      'runs/log-batch',
      'runs/update',
    ]);
    await connected?.close();
  });
});
