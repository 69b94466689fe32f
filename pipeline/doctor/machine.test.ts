import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { doctorExitCode, findingsText } from '../cli/doctor-command.ts';
import { type DataFolderFacts, judgeDataFolder } from './data-folder.ts';
import { judgeApi, judgeCertificate, judgeLive } from './faces.ts';
import { seen } from './finding.fixture.ts';
import { finding, flatFinding } from './finding.ts';
import { bytesText, spanText } from './in-words.ts';
import { judgeNodeVersion } from './node-version.ts';
import { judgePort } from './ports.ts';
import { judgeProgram, lookForProgram } from './programs.ts';

const GIB = 1_024 ** 3;

it.each([
  ['18.20.0', 'node fail'],
  ['20.18.3', 'node fail'],
  ['20.19.0', 'node ok'],
  ['22.1.0', 'node ok'],
  ['23.0.0', 'node warn'],
])('judges Node %s', (version, expected) => expect(seen(judgeNodeVersion(version))).toEqual([expected]));

describe('the data folder', () => {
  const parts = { nats: 1, questdb: 2, spool: 0, snapshots: 4, logs: 5 };
  const good: DataFolderFacts = {
    path: '/d',
    exists: true,
    writable: true,
    disk_free_bytes: 50 * GIB,
    disk_bytes: 100 * GIB,
    parts,
    holder_pid: 7,
    ready: true,
  };
  it.each<[Partial<DataFolderFacts>, string[]]>([
    [{}, ['owner ok', 'folder ok', 'disk ok']],
    [{ ready: false }, ['owner warn', 'folder ok', 'disk ok']],
    [{ holder_pid: null, ready: false, exists: false }, ['owner warn', 'folder ok', 'disk ok']],
    [{ writable: false }, ['owner ok', 'folder fail', 'disk ok']],
    [{ disk_free_bytes: 10 * GIB }, ['owner ok', 'folder ok', 'disk warn GV-SNK-004']],
    [{ disk_free_bytes: 4 * GIB }, ['owner ok', 'folder ok', 'disk fail GV-SNK-004']],
    [{ disk_free_bytes: GIB / 2, disk_bytes: GIB }, ['owner ok', 'folder ok', 'disk fail GV-SNK-004']],
  ])('%o', (facts, expected) => expect(seen(judgeDataFolder({ ...good, ...facts }))).toEqual(expected));
});

it.each([
  ['ours', false, 'api ok'],
  ['nobody', false, 'api ok'],
  ['other', true, 'api warn'],
  ['other', false, 'api fail GV-SVC-006'],
] as const)('judges a port that %s holds', (holder, replaceable, expected) => {
  expect(seen(judgePort({ name: 'api', host: '127.0.0.1', port: 1, holder, replaceable }))).toEqual([expected]);
});

describe('programs', () => {
  it.each([
    [{ here: 'nats-server 2.15.1, cache', clients: [] }, 'program ok'],
    [{ here: '', clients: ['python3'] }, 'program warn'],
    [{ here: '', clients: [] }, 'program fail GV-SVC-001'],
  ])('%o', (facts, expected) => {
    expect(seen(judgeProgram({ service: 'nats', tried: ['PATH: none'], ...facts }))).toEqual([expected]);
  });

  it.each(['nats', 'questdb'] as const)('does not find or bring %s where there is nothing', async (service) => {
    const empty = mkdtempSync(join(tmpdir(), 'doctor-'));
    try {
      const facts = await lookForProgram(service, { PATH: empty, HOME: empty }, join(empty, 'cache'));
      expect(facts).toMatchObject({ service, here: '', clients: [] });
      expect(doctorExitCode([judgeProgram(facts)])).toBe(3);
    } finally {
      rmSync(empty, { recursive: true });
    }
  });
});

it('judges API and live socket', () => {
  const api = { url: 'http://a', alive: true, ready: true, checks: [], answer_ms: 1, certificate_until: null };
  expect(seen(judgeApi(api))).toEqual(['livez ok', 'readyz ok']);
  expect(seen(judgeApi({ ...api, ready: null }))).toEqual(['livez ok', 'readyz fail GV-API-003']);
  const checks = [{ name: 'questdb', ok: false, detail: 'does not answer' }];
  expect(judgeApi({ ...api, ready: false, checks })[1]?.what).toBe('not ready: questdb: does not answer');
  expect(seen(judgeApi({ ...api, alive: false }))).toEqual(['answer fail GV-API-003']);
  expect(seen(judgeLive({ url: 'ws://a', upgraded: true, answer_ms: 1 }))).toEqual(['socket ok']);
  expect(seen(judgeLive({ url: 'ws://a', upgraded: false, answer_ms: 1 }))).toEqual(['answer fail GV-API-003']);
});

it.each([
  [null, []],
  ['2026-03-01T00:00:00Z', ['certificate ok']],
  ['2026-01-10T00:00:00Z', ['certificate warn GV-SEC-006']],
  ['2025-12-31T00:00:00Z', ['certificate fail GV-SEC-006']],
])('judges a certificate that is good until %s', (until, expected) => {
  const certificate_until = until === null ? null : Date.parse(until);
  expect(seen(judgeCertificate({ certificate_until }, Date.UTC(2026, 0, 1)))).toEqual(expected);
});

describe('what is printed', () => {
  const ok = finding('nats', 'server', { what: 'fine', action: 'nothing', figures: { rtt_ms: 1 } });
  const bad = finding('questdb', 'gpu_metrics', { state: 'fail', what: 'suspended', code: 'GV-SNK-003' });
  const near = finding('data', 'disk', { state: 'warn', what: 'low', action: 'Free space.' });

  it('has figures beside the rest in JSON and what to do below in text', () => {
    expect(flatFinding(ok)).toEqual({
      part: 'nats',
      check: 'server',
      state: 'ok',
      what: 'fine',
      action: '',
      rtt_ms: 1,
    });
    expect(findingsText([ok, bad]).split('\n')).toEqual([
      'ok    nats server          fine',
      'fail  questdb gpu_metrics  GV-SNK-003: suspended',
      `                           -> ${bad.action}`,
      '',
      '1 fail, 0 warn, 1 ok',
    ]);
  });

  it('decides the exit code', () => {
    const missing = finding('nats', 'program', { state: 'fail', what: 'none', code: 'GV-SVC-001' });
    expect(
      [
        [ok, near],
        [ok, bad],
        [bad, missing],
      ].map(doctorExitCode),
    ).toEqual([0, 1, 3]);
  });

  it('spells quantities', () => {
    expect([0, 1_023, 1_536, 5 * GIB, 2_000 * GIB].map(bytesText)).toEqual([
      '0 B',
      '1023 B',
      '1.5 KiB',
      '5.0 GiB',
      '2.0 TiB',
    ]);
    const spans = [5, 1_500, 600_000, 9_000_000, 200_000_000];
    expect(spans.map(spanText)).toEqual(['5 ms', '1.5 s', '10 min', '2.5 h', '2.3 d']);
  });
});
