import { expect, it } from 'vitest';
import { hours } from '../contract/time.ts';
import { reconnectPause } from './reconnect-pause.ts';

/** The library's loop of tries, by its own rule, over a machine whose wall clock jumps; when each try was made. */
function tries(options: { readonly servers: number; readonly jump_ms: number; readonly until_ms: number }): number[] {
  let monotonic = 0;
  let drawn = 7;
  let jumped = 0;
  const wall = (): number => 1_700_000_000_000 + monotonic + jumped;
  const last = new Array<number>(options.servers).fill(0);
  const draw = (below: number): number => {
    drawn = (drawn * 1_103 + 12_345) % 65_536;
    return drawn % below;
  };
  const clock = { monotonic: () => monotonic };
  const pause = reconnectPause({ clock, servers: options.servers, pause_ms: 200, draw });
  const made: number[] = [];
  for (let turn = 0; monotonic < options.until_ms; turn++) {
    const server = turn % options.servers;
    const wait = pause();
    const [now, before] = [wall(), last[server] as number];
    if (before === 0 || before + wait <= now) {
      made.push(monotonic);
      last[server] = now;
      monotonic += 1;
      if (monotonic > 1_000 && jumped === 0) jumped = options.jump_ms;
    } else {
      monotonic += Math.min(wait, before + wait - now);
    }
  }
  return made;
}

it.each([
  ['stands right', 1, 0],
  ['is set back by an hour', 1, -hours(1)],
  ['is set ahead by an hour', 1, hours(1)],
  ['is set back, with three servers', 3, -hours(1)],
])('tries a few times a second when the clock %s', (_, servers, jump_ms) => {
  const made = tries({ servers, jump_ms, until_ms: 10_000 });
  for (let second = 0; second < 9; second++) {
    const within = made.filter((ms) => ms >= second * 1_000 && ms < (second + 1) * 1_000).length;
    expect(within).toBeGreaterThanOrEqual(2 * servers);
    expect(within).toBeLessThanOrEqual(15 * servers);
  }
});
