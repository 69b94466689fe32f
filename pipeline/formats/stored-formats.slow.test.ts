import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { VitalsError } from '../contract/errors.ts';
import { differences, Tables } from '../resume.fixture.ts';
import { damagedAt, ofVersion9 } from '../snapshot.fixture.ts';
import {
  AT,
  liveOver,
  readingsOf,
  releases,
  storedMessagesOf,
  storedReadingsOf,
  unpackSnapshots,
  writeFormats,
} from './stored-formats.fixture.ts';

const folders: string[] = [];
const freshFolder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'formats-'));
  folders.push(dir);
  return dir;
};
afterEach(() => {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true });
});

const wanted = process.env.WRITE_FORMATS;
it.runIf(wanted !== undefined)('writes the formats of today', () => writeFormats(String(wanted)));

describe.each(releases())('what %s has left', (release) => {
  it('are messages that are still read, to the bit', () => {
    const messages = storedMessagesOf(release);
    expect(messages.length).toBe(AT + 100);
    expect(messages.map(readingsOf)).toEqual(storedReadingsOf(release));
  });

  it('are snapshots that the engine goes on from', async () => {
    const messages = storedMessagesOf(release);
    const dir = freshFolder();
    unpackSnapshots(release, dir);
    const told: VitalsError[] = [];
    const { from, gpus, tables } = await liveOver(messages, dir, told);
    expect(told).toEqual([]);
    expect(from).toBe(AT + 1);
    expect(gpus).toBeGreaterThan(1);
    expect([...tables.durable.keys()].filter((key) => key.startsWith('metrics')).length).toBeGreaterThan(90);
  });

  it('are snapshots that know what the messages before them said: rows end as without an end in between', async () => {
    const messages = storedMessagesOf(release);
    const whole = new Tables();
    await liveOver(messages, freshFolder(), [], whole);
    const dir = freshFolder();
    unpackSnapshots(release, dir);
    const tables = new Tables();
    await liveOver(messages.slice(0, AT), freshFolder(), [], tables);
    await liveOver(messages, dir, [], tables);
    const differing = differences(tables, whole);
    // A release that changes what a step remembers lets this step begin anew: then its rows, and only its, may differ.
    expect(differing).toEqual([]);
  });

  it.each([
    ['of no known version', 'GV-SNP-002', /version 9, this release reads \d/, ofVersion9],
    ['damaged', 'GV-SNP-001', /checksum does not match/, damagedAt],
  ] as const)('are refused whole when they are %s, and the stream is read from its start', async (...row) => {
    const [, code, what, change] = row;
    const messages = storedMessagesOf(release);
    const dir = freshFolder();
    unpackSnapshots(release, dir);
    for (const name of readdirSync(dir).filter((one) => /^(group|fleet)/.test(one))) {
      const path = join(dir, name);
      writeFileSync(path, change(readFileSync(path)));
    }
    const told: VitalsError[] = [];
    const whole = new Tables();
    await liveOver(messages, freshFolder(), [], whole);
    const { from, tables } = await liveOver(messages, dir, told);
    expect(from).toBe(1);
    expect(new Set(told.map((error) => error.code))).toEqual(new Set([code]));
    for (const { message } of told) expect(message).toMatch(what);
    expect(differences(tables, whole)).toEqual([]);
  });
});
