export type Theme = 'dark' | 'light';

/**
 * Ramps whose lightness only rises (dark theme) or only falls (light theme) and whose hues differ along blue to yellow or
 * by lightness alone, so that red-green blindness and grey printing keep the order. High readings stand out in both.
 */
const RAMPS: Readonly<Record<Theme, readonly string[]>> = {
  dark: ['#1d3050', '#2b5378', '#4c7f93', '#8fa488', '#d8b95f', '#ffe27a'],
  light: ['#e3ebf2', '#f1dca6', '#eab364', '#cc7a3b', '#96432f', '#571d2b'],
};

const STEPS = 64;

const channels = (hex: string): [number, number, number] => [
  Number.parseInt(hex.slice(1, 3), 16),
  Number.parseInt(hex.slice(3, 5), 16),
  Number.parseInt(hex.slice(5, 7), 16),
];

function mixed(a: string, b: string, share: number): string {
  const [x, y] = [channels(a), channels(b)];
  return `#${x
    .map((from, i) =>
      Math.round(from + ((y[i] ?? from) - from) * share)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}

function stepsOf(ramp: readonly string[]): string[] {
  return Array.from({ length: STEPS }, (_, step) => {
    const at = (step / (STEPS - 1)) * (ramp.length - 1);
    const low = Math.min(Math.floor(at), ramp.length - 2);
    return mixed(ramp[low] ?? '#000000', ramp[low + 1] ?? '#000000', at - low);
  });
}

const COLOURS: Readonly<Record<Theme, readonly string[]>> = { dark: stepsOf(RAMPS.dark), light: stepsOf(RAMPS.light) };

/** The colour of a share 0..1 of a scale; beyond its ends, the end's. */
export function scaleColour(theme: Theme, share: number): string {
  const step = Math.round(Math.min(1, Math.max(0, share)) * (STEPS - 1));
  return COLOURS[theme][step] ?? '#000000';
}

/** Relative luminance of WCAG 2. */
function luminance(hex: string): number {
  const [r, g, b] = channels(hex).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Black or white, whichever reads better on a colour. */
export const textOn = (hex: string): string => (luminance(hex) > 0.18 ? '#0b0e12' : '#ffffff');

/** Severities: different in hue for most, in lightness for all, and never told by colour alone. */
export const SEVERITY_COLOURS: Readonly<Record<Theme, Readonly<Record<'critical' | 'warning' | 'info', string>>>> = {
  dark: { critical: '#ff6f59', warning: '#f3c14b', info: '#7db9ff' },
  light: { critical: '#b3261e', warning: '#c98a00', info: '#2f74c0' },
};
