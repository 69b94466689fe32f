import { expect, onTestFinished, test, vi } from 'vitest';
import { listen } from './scraper.fixture.ts';
import { pollTargetUrl } from './targets-http.ts';

test.each<[string, number, string]>([
  ['an HTTP error', 500, 'x'],
  ['no JSON', 200, '<html>'],
  ['another shape', 200, '{"a":1}'],
  ['a redirect', 302, ''],
])('%s keeps the last good list, is told, and mended', async (_, status, body) => {
  const answer = { status: 200, body: '[{"targets":["a"],"labels":{"node":"n"}}]' };
  const headers: unknown[] = [];
  const { address } = await listen((request, response) => {
    headers.push([request.headers.authorization, request.headers['x-prometheus-refresh-interval-seconds']]);
    response.writeHead(answer.status, { location: '/elsewhere' }).end(answer.body);
  });
  const lists: string[][] = [];
  const problems: (string | null)[] = [];
  const source = pollTargetUrl({
    url: `http://${address}/sd`,
    refresh_ms: 20,
    bearer_token: 'secret',
    on_targets: (targets) => lists.push(targets.map((target) => target.address)),
    on_problem: (_where, detail) => problems.push(detail),
  });
  onTestFinished(() => source.stop());
  await source.ready;
  expect(lists).toEqual([['a:9400']]);
  expect(headers[0]).toEqual(['Bearer secret', '0.02']);
  answer.status = status;
  answer.body = body;
  await vi.waitFor(() => expect(problems.at(-1)).toEqual(expect.any(String)));
  const good = lists.length;
  await vi.waitFor(() => expect(problems.filter((one) => one !== null).length).toBeGreaterThan(2));
  expect(lists.length).toBe(good);
  answer.status = 200;
  answer.body = '[{"targets":["b"]}]';
  await vi.waitFor(() => expect(lists.at(-1)).toEqual(['b:9400']));
  await vi.waitFor(() => expect(problems.at(-1)).toBeNull());
});

test('a server that hangs is given up in time', async () => {
  const { address } = await listen(() => {});
  const problems: (string | null)[] = [];
  const source = pollTargetUrl({
    url: `http://${address}/sd`,
    timeout_ms: 50,
    on_targets: () => {},
    on_problem: (_where, detail) => problems.push(detail),
  });
  onTestFinished(() => source.stop());
  await source.ready;
  expect(problems).toEqual(['no answer within 50 ms']);
});

test.each(['file:///etc/passwd', 'no url', 'ftp://a/b'])('%s is refused at the start', (url) => {
  expect(() => pollTargetUrl({ url, on_targets: () => {}, on_problem: () => {} })).toThrowError(
    expect.objectContaining({ code: 'GV-COL-005' }),
  );
});
