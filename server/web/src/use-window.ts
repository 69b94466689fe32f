import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

/** Rows beyond the screen that are drawn too, so that keys find the next one and fast scrolling stays filled. */
const BEYOND = 24;
/** The window moves in steps of so many rows: not every pixel draws anew. */
const STEP = 8;

interface ShownRows {
  readonly first: number;
  /** One beyond the last. */
  readonly end: number;
}

/** The rows of a list that are on the screen, and some around them. */
export function rowsInSight(of: {
  readonly count: number;
  readonly row_height: number;
  /** Top of the list against the screen's, px; negative when scrolled past. */
  readonly top: number;
  readonly screen: number;
}): ShownRows {
  const { count, row_height, top, screen } = of;
  const above = Math.floor(-top / row_height) - BEYOND;
  const below = Math.ceil((screen - top) / row_height) + BEYOND;
  const first = Math.max(0, Math.min(count, Math.floor(above / STEP) * STEP));
  return { first, end: Math.max(first, Math.min(count, Math.ceil(below / STEP) * STEP)) };
}

/**
 * Which rows of a long list to draw while the page scrolls. `holder` is the element whose top is the first row's; all rows
 * are `row_height` high. Costs one measurement a frame while scrolling, whatever the length.
 */
export function useWindow(
  holder: RefObject<HTMLElement>,
  options: { readonly count: number; readonly row_height: number },
): ShownRows {
  const { count, row_height } = options;
  const [shown, setShown] = useState<ShownRows>({ first: 0, end: Math.min(count, 2 * BEYOND) });
  useLayoutEffect(() => {
    let frame = 0;
    const measure = (): void => {
      frame = 0;
      const top = holder.current?.getBoundingClientRect().top ?? 0;
      const next = rowsInSight({ count, row_height, top, screen: innerHeight });
      setShown((before) => (before.first === next.first && before.end === next.end ? before : next));
    };
    const later = (): void => {
      if (frame === 0) frame = requestAnimationFrame(measure);
    };
    measure();
    addEventListener('scroll', later, { passive: true });
    addEventListener('resize', later);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', later);
      removeEventListener('resize', later);
    };
  }, [holder, count, row_height]);
  return shown;
}
