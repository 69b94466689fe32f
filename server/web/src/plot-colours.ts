import type { Theme } from './colour-scale.ts';

/** Lines that stay apart for red-green blindness: after the set of Okabe and Ito, brightened or darkened for the theme. */
const LINES: Readonly<Record<Theme, readonly string[]>> = {
  dark: ['#62b6f0', '#f0b53a', '#3fcf9f', '#e59ac6'],
  light: ['#0068a8', '#a96400', '#00775a', '#a13a77'],
};

export const lineColour = (theme: Theme, line: number): string => LINES[theme][line % LINES[theme].length] ?? '#888888';

export const AXIS: Readonly<Record<Theme, { readonly text: string; readonly grid: string }>> = {
  dark: { text: '#98a5b5', grid: '#232b36' },
  light: { text: '#566272', grid: '#e3e7ec' },
};
