import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeError } from './cli/exit-codes.ts';
import { VitalsError } from './contract/errors.ts';
import { finding } from './doctor/finding.ts';
import { logPath, openLog } from './log.ts';
import { errorFields } from './logs/error-fields.ts';
import { notePlace } from './step-place.ts';

const PLANTED = 'pl4nted';
const SECRETS = [
  `nats://user:${PLANTED}@h:4222`,
  `postgres://admin:${PLANTED}@h/qdb`,
  `http://h/sd?token=${PLANTED}`,
  `Authorization: Bearer ${PLANTED}`,
  `{"password":"${PLANTED}"}`,
  `https://hooks.slack.com/services/T/B/${PLANTED}`,
  `gvk_0123456789ab_${PLANTED}`,
];

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'log-'));
});
afterEach(() => rmSync(data, { recursive: true }));
const written = (): Record<string, unknown>[] =>
  readFileSync(logPath(data), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

it('writes who, where in the topology, and no more than was asked for', () => {
  const log = openLog({ data, level: 'info', part: 'engine', worker: 'w3' });
  const cause = new TypeError('broken');
  notePlace(cause, { step: 'zscore', group: 17, position: 4_711 });
  notePlace(cause, { step: 'decode', group: null, position: null });
  const error = new VitalsError('GV-CLI-004', 'the engine failed', '', { cause });
  log.error(errorFields(error), error.message);
  log.debug('not asked for');
  openLog({ data, level: 'info', part: 'api' }).warn(
    errorFields(new VitalsError('GV-SNK-001', 'away', 'table x')),
    'away',
  );
  expect(written()).toMatchObject([
    { part: 'engine', worker: 'w3', level: 50, code: 'GV-CLI-004', step: 'zscore', group: 17, position: 4_711 },
    { part: 'api', level: 40, code: 'GV-SNK-001', where: 'table x' },
  ]);
  expect(Object.keys(written()[1] ?? {})).not.toContain('step');
});

describe('a secret that somebody put into a message', () => {
  it.each(SECRETS)('is in no log: %s', (secret) => {
    const log = openLog({ data, level: 'debug', part: 'engine' });
    log.info({ where: secret, nested: { deep: [secret] }, stack: `Error: ${secret}\n  at x` }, secret);
    log.error({ err: new Error(secret) }, 'failed');
    expect(written()).toHaveLength(2);
    expect(readFileSync(logPath(data), 'utf8')).not.toContain(PLANTED);
  });

  it.each(SECRETS)('is in no error as people see it: %s', (secret) => {
    const error = new VitalsError('GV-CLI-004', secret, secret, { action: secret, cause: new Error(secret) });
    for (const json of [true, false]) {
      for (const debug of [true, false]) expect(describeError(error, { json, debug })).not.toContain(PLANTED);
    }
    expect(JSON.parse(describeError(error, { json: true, debug: false }))).toMatchObject({ code: 'GV-CLI-004' });
  });

  it.each(SECRETS)('is in no finding of doctor: %s', (secret) => {
    const found = finding('nats', 'answer', { state: 'fail', what: secret, action: secret, figures: { url: secret } });
    expect(JSON.stringify(found)).not.toContain(PLANTED);
  });
});
