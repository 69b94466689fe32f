import { afterEach, describe, expect, it } from 'vitest';
import { memoryBus } from '../../sinks/live/memory-bus.fixture.ts';
import type { Bus, BusMessage } from '../contract/bus.ts';
import type { ProfilesAllowed } from '../telemetry/insight-options.ts';
import { answerProfiles } from './answer-profiles.ts';
import { askForProfile, whoCanBeProfiled } from './ask-profile.ts';
import { CHUNK, CHUNKS, FAILURE, PROFILE_SUBJECT } from './profile-messages.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** The memory bus hands no reply subjects on: this one does. */
function replyingBus(): Bus {
  const bus = memoryBus();
  const heard = new Map<string, (message: BusMessage) => void>();
  return {
    ...bus,
    connected: true,
    subscribe(subject, handler) {
      heard.set(subject, handler);
      return { unsubscribe: () => void heard.delete(subject) };
    },
    publish({ subject, data, headers = {}, reply = '' }) {
      queueMicrotask(() => heard.get(subject)?.({ subject, data, headers, reply }));
    },
  };
}
function world(part = 'engine', allowed: ProfilesAllowed = 'memory') {
  const bus = replyingBus();
  const answering = answerProfiles(bus, part, allowed);
  ends.push(() => answering.stop());
  return bus;
}
const joined = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString('utf8');

describe('a profile on demand', () => {
  it('of the time names what ran meanwhile', async () => {
    const bus = world();
    const [one] = await whoCanBeProfiled(bus, 5);
    expect(one).toMatchObject({ part: 'engine', pid: process.pid });
    const chunks: Uint8Array[] = [];
    let spent = 0;
    const busy = setInterval(function burnsTime() {
      for (let i = 0; i < 200_000; i++) spent += Math.sqrt(i);
    }, 1);
    ends.push(() => clearInterval(busy));
    const wanted = { kind: 'cpu', id: one?.id ?? '', seconds: 0.2 } as const;
    const bytes = await askForProfile(bus, wanted, (chunk) => chunks.push(Uint8Array.from(chunk)));
    const profile = JSON.parse(joined(chunks)) as {
      nodes: { callFrame: { functionName: string } }[];
      samples: number[];
      timeDeltas: number[];
    };
    expect(bytes).toBe(joined(chunks).length);
    expect(profile.nodes.map(({ callFrame }) => callFrame.functionName)).toContain('burnsTime');
    expect(spent).toBeGreaterThan(0);
    expect(profile.samples.length).toBeGreaterThan(20);
    const took_us = profile.timeDeltas.reduce((sum, delta) => sum + delta, 0);
    expect(took_us).toBeGreaterThan(150_000);
  });

  it('of the memory is refused where only the time may be seen, and all of it where it is off', async () => {
    const bus = world('engine', 'time');
    const [one] = await whoCanBeProfiled(bus, 5);
    await expect(askForProfile(bus, { kind: 'heap', id: one?.id ?? '' }, () => undefined)).rejects.toMatchObject({
      code: 'GV-TEL-002',
      message: expect.stringContaining('--profiles memory'),
    });
    expect(await whoCanBeProfiled(world('engine', 'off'), 5)).toEqual([]);
  });

  it('is taken one at a time, and again afterwards', async () => {
    const bus = world();
    const [one] = await whoCanBeProfiled(bus, 5);
    const wanted = { kind: 'cpu', id: one?.id ?? '', seconds: 0.1 } as const;
    const first = askForProfile(bus, wanted, () => undefined);
    await expect(askForProfile(bus, wanted, () => undefined)).rejects.toMatchObject({
      code: 'GV-TEL-002',
      message: expect.stringContaining('being taken already'),
    });
    expect(await first).toBeGreaterThan(100);
    expect(await askForProfile(bus, wanted, () => undefined)).toBeGreaterThan(100);
  });

  it.each([
    ['{"kind":"cpu","id":"x","seconds":3600}'],
    ['{"kind":"cpu","id":"x"}'],
    ['{"kind":"shell","id":"x"}'],
    ['null'],
    ['{'],
  ])('answers nothing to %s', async (text) => {
    const bus = world();
    let answers = 0;
    bus.subscribe('inbox', () => answers++);
    bus.publish({ subject: PROFILE_SUBJECT, data: Buffer.from(text), reply: 'inbox' });
    expect(await whoCanBeProfiled(bus, 5)).toHaveLength(1);
    expect(answers).toBe(0);
  });
});

describe('what comes of it', () => {
  type Answer = Readonly<Record<string, string>>;
  it.each<[string, readonly Answer[], string | number]>([
    ['whole', [{ [CHUNK]: '0' }, { [CHUNK]: '1' }, { [CHUNKS]: '2' }], 2],
    ['nothing', [{ [CHUNKS]: '0' }], 0],
    ['one lost', [{ [CHUNK]: '0' }, { [CHUNK]: '2' }], 'chunk 2 came instead of 1'],
    ['the last lost', [{ [CHUNK]: '0' }, { [CHUNKS]: '2' }], '1 of 2 chunks came'],
    ['refused', [{ [FAILURE]: 'no memory' }], 'no memory'],
  ])('%s', async (_, answers, expected) => {
    const bus = replyingBus();
    bus.subscribe(PROFILE_SUBJECT, ({ reply }) => {
      for (const headers of answers) {
        bus.publish({ subject: reply, data: new Uint8Array(headers[CHUNK] === undefined ? 0 : 1), headers });
      }
    });
    const asked = askForProfile(bus, { kind: 'heap', id: 'x' }, () => undefined);
    if (typeof expected === 'number') expect(await asked).toBe(expected);
    else await expect(asked).rejects.toMatchObject({ code: 'GV-TEL-002', message: expect.stringContaining(expected) });
  });

  it('is a failure when nobody answers', async () => {
    const waits: [number, () => void][] = [];
    const timers = {
      after: (delay_ms: number, run: () => void) => {
        waits.push([delay_ms, run]);
        return () => undefined;
      },
      every: () => () => undefined,
    };
    const asked = askForProfile(replyingBus(), { kind: 'cpu', id: 'x', seconds: 5 }, () => undefined, timers);
    const [delay_ms, run] = waits[0] ?? [];
    expect(delay_ms).toBe(35_000);
    run?.();
    await expect(asked).rejects.toMatchObject({ code: 'GV-TEL-002' });
  });
});
