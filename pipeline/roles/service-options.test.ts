import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configSchema } from '../config-schema.ts';
import { serviceOptions } from './service-options.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitals-passwords-'));
  writeFileSync(join(folder, 'good'), 'secret with blanks \n');
  writeFileSync(join(folder, 'empty'), '\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

const optionsOf = (given: Record<string, string>) => serviceOptions(configSchema.parse(given), () => undefined);

it('passwords of QuestDB come from files, without the end of the line', () => {
  expect(optionsOf({})).not.toHaveProperty('pg_password');
  const path = join(folder, 'good');
  expect(optionsOf({ 'questdb-password-file': path, 'questdb-reader-password-file': path })).toMatchObject({
    pg_password: 'secret with blanks ',
    reader_password: 'secret with blanks ',
  });
});

it.each([
  ['empty', /is empty/],
  ['absent', /cannot be read \(ENOENT\)/],
])('a file that is %s is refused', (name, message) => {
  const given = { 'questdb-reader-password-file': join(folder, name) };
  expect(() => optionsOf(given)).toThrowError(
    expect.objectContaining({ code: 'GV-SEC-006', message: expect.stringMatching(message) }),
  );
});
