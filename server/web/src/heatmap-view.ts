/** Which part of the map is seen: `scale` times as large, moved by `x` and `y` pixels of the screen. */
export interface MapView {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface MapSize {
  readonly width: number;
  readonly height: number;
}

export const WHOLE_MAP: MapView = { scale: 1, x: 0, y: 0 };
const SCALE_MAX = 40;

/** The view within its map: nothing beyond the map's edges is ever seen. */
function within({ scale, x, y }: MapView, { width, height }: MapSize): MapView {
  const fitted = Math.min(SCALE_MAX, Math.max(1, scale));
  if (fitted < 1.001) return WHOLE_MAP;
  return {
    scale: fitted,
    x: Math.min(0, Math.max(width * (1 - fitted), x)),
    y: Math.min(0, Math.max(height * (1 - fitted), y)),
  };
}

/** Larger or smaller by a factor; the point (px, py) of the screen stays where it is. */
export function zoomed(view: MapView, factor: number, [px, py]: readonly [number, number], size: MapSize): MapView {
  const scale = Math.min(SCALE_MAX, Math.max(1, view.scale * factor));
  const grown = scale / view.scale;
  return within({ scale, x: px - (px - view.x) * grown, y: py - (py - view.y) * grown }, size);
}

export const moved = (view: MapView, dx: number, dy: number, size: MapSize): MapView =>
  within({ scale: view.scale, x: view.x + dx, y: view.y + dy }, size);

/** A point of the screen on the map. */
export const onMap = ({ scale, x, y }: MapView, px: number, py: number): readonly [number, number] => [
  (px - x) / scale,
  (py - y) / scale,
];

/** The view moved just so far that a box of the map is in sight. */
export function showing(
  view: MapView,
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  size: MapSize,
): MapView {
  const { scale } = view;
  const shift = (start: number, length: number, offset: number, room: number): number => {
    const from = start * scale + offset;
    const to = (start + length) * scale + offset;
    return from < 0 ? -from : to > room ? room - to : 0;
  };
  const dx = shift(box.x, box.width, view.x, size.width);
  const dy = shift(box.y, box.height, view.y, size.height);
  return dx === 0 && dy === 0 ? view : moved(view, dx, dy, size);
}
