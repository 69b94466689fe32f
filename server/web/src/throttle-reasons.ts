/** One bit of `throttle_reasons` in words. */
export interface ThrottleReason {
  readonly bit: number;
  readonly text: string;
  /** `configured`: works as someone set it, at the price of speed; `slowdown`: something is wrong. */
  readonly kind: 'benign' | 'configured' | 'slowdown';
  readonly note: string;
}

const REASONS: readonly ThrottleReason[] = [
  { bit: 1, text: 'idle', kind: 'benign', note: 'Nothing runs, so the clocks rest.' },
  { bit: 2, text: 'application clocks', kind: 'benign', note: 'Someone set these clocks.' },
  { bit: 4, text: 'power cap', kind: 'configured', note: 'At the power limit: working as configured.' },
  { bit: 8, text: 'hardware slowdown', kind: 'slowdown', note: 'The board protects itself: heat or power.' },
  { bit: 16, text: 'sync boost', kind: 'slowdown', note: 'Held to the clocks of its group.' },
  { bit: 32, text: 'software thermal', kind: 'slowdown', note: 'The driver lowers the clocks because it is hot.' },
  { bit: 64, text: 'hardware thermal', kind: 'slowdown', note: 'The board lowers the clocks because it is too hot.' },
  { bit: 128, text: 'power brake', kind: 'slowdown', note: 'The power supply asked for less.' },
  { bit: 256, text: 'display clocks', kind: 'benign', note: 'Held by the display setting.' },
];

/** The reasons in a mask; bits that nobody has named yet are told by number and are not taken for harmless. */
export function throttleReasons(mask: number): ThrottleReason[] {
  const found = REASONS.filter(({ bit }) => (mask & bit) !== 0);
  const known = REASONS.reduce((bits, { bit }) => bits | bit, 0);
  const rest = mask & ~known;
  if (rest !== 0) found.push({ bit: rest, text: `unknown bits 0x${rest.toString(16)}`, kind: 'slowdown', note: '' });
  return found;
}

export function throttleText(mask: number): string {
  const reasons = throttleReasons(mask);
  return reasons.length === 0 ? 'none' : reasons.map(({ text }) => text).join(', ');
}
