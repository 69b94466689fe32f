import { expect, onTestFinished, test, vi } from 'vitest';
import { parseDnsTarget, parseTargets, resolveTargets } from './targets-dns.ts';

const named = (text: string) => parseDnsTarget(text) ?? expect.fail(`${text} is no name`);

test.each([
  ['dns+http://exporters.gpu.svc:9400/metrics', '10.0.0.7', 'http://10.0.0.7:9400/metrics'],
  ['dns+http://exporters:9400', '10.0.0.7', 'http://10.0.0.7:9400/metrics'],
  ['dns+https://exporters/gpu?collect=a', '10.0.0.7', 'https://10.0.0.7:443/gpu?collect=a'],
  ['dns+exporters', '10.0.0.7', 'http://10.0.0.7:9400/metrics'],
  ['DNS+http://exporters:9500/x', '2001:db8::1', 'http://[2001:db8::1]:9500/x'],
])('%s at %s is %s', (text, address, key) => {
  expect(named(text).at(address)).toMatchObject({ key, node: address, node_given: false });
});

test.each([
  'dns+http://10.0.0.7:9400/metrics',
  'dns+http://[2001:db8::1]:9400/metrics',
  'dns+http://user:secret@exporters:9400/metrics',
  'dns+http://exporters:0/metrics',
  'dns+http://',
  'dns+ftp://exporters/metrics',
  'dns+10.0.0.7',
])('%s is refused', (text) => {
  expect(() => parseTargets(text)).toThrowError(expect.objectContaining({ code: 'GV-COL-005' }));
});

test('a list may hold both', () => {
  const { fixed, names } = parseTargets(' a, dns+http://b:9400/metrics,,https://c ');
  expect(fixed.map(({ key }) => key)).toEqual(['http://a:9400/metrics', 'https://c:443/metrics']);
  expect(names.map(({ hostname }) => hostname)).toEqual(['b']);
});

/** Follows names whose addresses are these; a text is why there are none. */
function follow(answers: Record<string, readonly string[] | string>) {
  const seen = { targets: [] as string[], problems: new Map<string, string>() };
  const source = resolveTargets({
    names: Object.keys(answers).map((name) => named(`dns+http://${name}:9400/metrics`)),
    refresh_ms: 10,
    on_targets: (targets) => {
      seen.targets = targets.map(({ address }) => address);
    },
    on_problem: (where, detail) => {
      if (detail === null) seen.problems.delete(where);
      else seen.problems.set(where, detail);
    },
    resolve: async (hostname) => {
      const answer = answers[hostname] ?? [];
      if (typeof answer === 'string') throw new Error(answer);
      return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    },
  });
  onTestFinished(() => source.stop());
  return { ...source, seen, answers };
}

test('pods that come and go behind a name are targets that come and go, each once', async () => {
  const { ready, seen, answers } = follow({ a: ['10.0.0.2', '10.0.0.1', '10.0.0.2'], b: ['fd00::1'] });
  await ready;
  expect(seen.targets).toEqual(['10.0.0.1:9400', '10.0.0.2:9400', '[fd00::1]:9400']);
  answers.a = ['10.0.0.3', 'fd00::3'];
  await vi.waitFor(() => expect(seen.targets).toEqual(['10.0.0.3:9400', '[fd00::1]:9400']));
  answers.b = ['fd00::2', 'fd00::1'];
  await vi.waitFor(() => expect(seen.targets).toEqual(['10.0.0.3:9400', '[fd00::1]:9400', '[fd00::2]:9400']));
  expect(seen.problems.size).toBe(0);
});

test('a name that cannot be resolved keeps its last good list, is told, and mended', async () => {
  const { ready, seen, answers } = follow({ a: ['10.0.0.1'], b: 'ENOTFOUND b' });
  const where = 'dns+http://b:9400/metrics';
  await ready;
  expect([seen.targets, seen.problems.get(where)]).toEqual([['10.0.0.1:9400'], 'ENOTFOUND b']);
  answers.b = ['10.0.0.2'];
  await vi.waitFor(() => expect(seen.targets).toEqual(['10.0.0.1:9400', '10.0.0.2:9400']));
  expect(seen.problems.size).toBe(0);
  answers.b = 'EAI_AGAIN b';
  await vi.waitFor(() => expect(seen.problems.get(where)).toBe('EAI_AGAIN b'));
  expect(seen.targets).toEqual(['10.0.0.1:9400', '10.0.0.2:9400']);
});

test("the system's names: this machine is scraped once, whichever families it has", async () => {
  const lists: string[][] = [];
  const source = resolveTargets({
    names: [named('dns+http://localhost:9400/metrics')],
    on_targets: (targets) => lists.push(targets.map(({ address }) => address)),
    on_problem: (_, detail) => expect(detail).toBeNull(),
  });
  onTestFinished(() => source.stop());
  await source.ready;
  expect(lists).toEqual([[expect.stringMatching(/^(127\.0\.0\.1|\[::1\]):9400$/)]]);
});
