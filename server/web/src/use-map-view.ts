import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type MapSize, type MapView, moved, WHOLE_MAP, zoomed } from './heatmap-view.ts';

const WHEEL_STEP = 1.0016;
export const KEY_STEP = 1.5;
/** A pointer that moved less was meant as a click. */
const CLICK_PX = 4;

export interface SteeredView {
  readonly view: MapView;
  readonly set: (change: (view: MapView) => MapView) => void;
  /** Whether the click that comes now ends a drag, and so opens nothing. */
  readonly dragged: () => boolean;
}

/**
 * Zoom and pan of a canvas: the wheel with Ctrl or a pinch of two fingers zooms at the pointer, dragging moves what is
 * zoomed. Without Ctrl the wheel scrolls the page, and at the whole map a finger does too. A new `about` shows the whole.
 */
export function useMapView(canvas: RefObject<HTMLCanvasElement>, size: MapSize | null, about: unknown): SteeredView {
  const [view, setView] = useState<MapView>(WHOLE_MAP);
  const shown = useRef({ size, dragged: false });
  shown.current.size = size;
  useEffect(() => setView(WHOLE_MAP), [about]);
  const zoomed_in = view.scale > 1;

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const fingers = new Map<number, readonly [number, number]>();
    let travelled = 0;
    const at = (event: MouseEvent): readonly [number, number] => {
      const box = element.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const change = (next: (view: MapView, size: MapSize) => MapView): void => {
      const known = shown.current.size;
      if (known !== null) setView((before) => next(before, known));
    };
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const point = at(event);
      change((before, room) => zoomed(before, WHEEL_STEP ** -event.deltaY, point, room));
    };
    const onDown = (event: PointerEvent): void => {
      fingers.set(event.pointerId, at(event));
      if (fingers.size === 1) {
        travelled = 0;
        shown.current.dragged = false;
      }
    };
    const onMove = (event: PointerEvent): void => {
      const before = fingers.get(event.pointerId);
      if (before === undefined) return;
      const now = at(event);
      fingers.set(event.pointerId, now);
      const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
      travelled += Math.hypot(dx, dy);
      if (travelled > CLICK_PX) shown.current.dragged = true;
      if (fingers.size === 1) {
        if (travelled > CLICK_PX) change((known, room) => moved(known, dx, dy, room));
        return;
      }
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
      if (other === undefined) return;
      const apart = Math.hypot(before[0] - other[0], before[1] - other[1]);
      const factor = apart === 0 ? 1 : Math.hypot(now[0] - other[0], now[1] - other[1]) / apart;
      change((known, room) => zoomed(known, factor, other, room));
    };
    const onUp = (event: PointerEvent): void => {
      fingers.delete(event.pointerId);
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    element.addEventListener('pointerdown', onDown);
    addEventListener('pointermove', onMove);
    addEventListener('pointerup', onUp);
    addEventListener('pointercancel', onUp);
    return () => {
      element.removeEventListener('wheel', onWheel);
      element.removeEventListener('pointerdown', onDown);
      removeEventListener('pointermove', onMove);
      removeEventListener('pointerup', onUp);
      removeEventListener('pointercancel', onUp);
    };
  }, [canvas]);

  useEffect(() => {
    if (canvas.current !== null) canvas.current.style.touchAction = zoomed_in ? 'none' : 'pan-x pan-y';
  }, [canvas, zoomed_in]);

  return {
    view,
    set: (next) => setView(next),
    dragged: () => shown.current.dragged,
  };
}
