import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useWindow } from './use-window.ts';

const HEIGHT_GUESSED = 30;

/** Bodies of a table with any number of rows of one height, of which only those in sight are in the document. */
export function LongRows<T>(props: {
  readonly rows: readonly T[];
  readonly columns: number;
  /** Draws a `<tr>`. */
  readonly row: (row: T, index: number) => ComponentChildren;
}) {
  const { rows, columns, row } = props;
  const top = useRef<HTMLTableSectionElement>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const [row_height, setHeight] = useState(HEIGHT_GUESSED);
  const { first, end } = useWindow(top, { count: rows.length, row_height });
  useLayoutEffect(() => {
    const high = body.current?.rows[0]?.getBoundingClientRect().height ?? 0;
    if (high > 0 && Math.abs(high - row_height) > 0.5) setHeight(high);
  });
  return (
    <>
      <Room of={top} height={first * row_height} columns={columns} />
      <tbody ref={body}>{rows.slice(first, end).map((one, i) => row(one, first + i))}</tbody>
      <Room height={(rows.length - end) * row_height} columns={columns} />
    </>
  );
}

/** The place of rows that are not drawn. */
function Room(props: {
  readonly of?: { current: HTMLTableSectionElement | null };
  readonly height: number;
  readonly columns: number;
}) {
  const { of, height, columns } = props;
  return (
    <tbody class="room" ref={of ?? null} aria-hidden="true">
      <tr>
        <td colSpan={columns} style={{ height: `${Math.max(0, height)}px` }} />
      </tr>
    </tbody>
  );
}
