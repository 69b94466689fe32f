import type { Locator } from 'playwright-core';

/** What is looked for in a plot, and where: shares of the drawing's own width and height, from left and top. */
export interface Ink {
  /** `#rrggbb`. */
  readonly colour: string;
  /** Least and most, 0..1. */
  readonly alpha: readonly [number, number];
  readonly x: readonly [number, number];
  readonly y?: readonly [number, number];
}

const FAR = 40;

/** By column of pixels, how many have about this colour; empty while nothing is drawn. */
export function inkByColumn(plot: Locator, { colour, alpha, x, y = [0, 1] }: Ink): Promise<number[]> {
  const rgb = [1, 3, 5].map((from) => Number.parseInt(colour.slice(from, from + 2), 16));
  return plot.evaluate(
    (figure, asked) => {
      const canvas = figure.querySelector('canvas');
      const over = figure.querySelector<HTMLElement>('.u-over');
      if (canvas === null || over === null) return [];
      const scale = canvas.width / canvas.clientWidth;
      const [left, right] = asked.x.map((share) => Math.round(scale * (over.offsetLeft + share * over.clientWidth)));
      const [top, end] = asked.y.map((share) => Math.round(scale * (over.offsetTop + share * over.clientHeight)));
      const wide = (right ?? 0) - (left ?? 0);
      const part = canvas.getContext('2d')?.getImageData(left ?? 0, top ?? 0, wide, (end ?? 0) - (top ?? 0));
      const data = part?.data ?? new Uint8ClampedArray();
      const columns = new Array<number>(wide).fill(0);
      for (let i = 0; i < data.length; i += 4) {
        const off = asked.rgb.reduce((sum, channel, k) => sum + Math.abs(channel - (data[i + k] ?? 0)), 0);
        const share = (data[i + 3] ?? 0) / 255;
        const column = (i / 4) % wide;
        if (off < asked.far && share >= (asked.alpha[0] ?? 0) && share <= (asked.alpha[1] ?? 1)) {
          columns[column] = (columns[column] ?? 0) + 1;
        }
      }
      return columns;
    },
    { rgb, far: FAR, alpha: [...alpha], x: [...x], y: [...y] },
  );
}

export const sumOf = (columns: readonly number[]): number => columns.reduce((sum, count) => sum + count, 0);

/** In how many pieces it lies side by side: one of a line, several of dashes. */
export const piecesOf = (columns: readonly number[]): number =>
  columns.filter((count, i) => count > 0 && (columns[i - 1] ?? 0) === 0).length;
