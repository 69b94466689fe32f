import { useEffect } from 'preact/hooks';
import { CONSOLE_PAGES } from '../../console-pages.ts';
import { navigate, toFleet } from './router.ts';

/** After `g` the second key must come within this time. */
const CHORD_MS = 1_500;

/** What every page's rows are marked with: one focusable element a row, in the order of the page. */
export const ROW = { 'data-row': '' } as const;

/** Whether a key belongs to what is typed into. */
const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;

/** Puts the focus on the next or previous row; the first one when none has it. False when the page has no rows. */
function moveRow(way: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  if (rows.length === 0) return false;
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + way))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
  return true;
}

function searchField(): boolean {
  const search = document.querySelector<HTMLInputElement>('input[type="search"]');
  if (search === null) return false;
  search.focus();
  search.select();
  return true;
}

/** The keys that work on every page; `onHelp` shows or hides the list of them. */
export function useKeyboard(onHelp: () => void): void {
  useEffect(() => {
    let chord_until = 0;
    const onKey = (event: KeyboardEvent): void => {
      const { key } = event;
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
      if (typing(event.target)) {
        if (key === 'Escape' && event.target instanceof HTMLInputElement) event.target.blur();
        return;
      }
      // A dialog keeps the keys to itself, but for the one that also closes the help.
      if (document.querySelector('dialog[open]') !== null && key !== '?') return;
      const page = event.timeStamp < chord_until ? CONSOLE_PAGES.find((one) => one.key === key) : undefined;
      chord_until = key === 'g' && page === undefined ? event.timeStamp + CHORD_MS : 0;
      const on_row = document.activeElement?.hasAttribute('data-row') ?? false;
      let done = true;
      if (page !== undefined) navigate(page.path);
      else if (key === '?') onHelp();
      else if (key === '/') done = searchField();
      else if (key === 'j' || (key === 'ArrowDown' && on_row)) done = moveRow(1);
      else if (key === 'k' || (key === 'ArrowUp' && on_row)) done = moveRow(-1);
      else if (key === 'Escape' && location.pathname !== '/') toFleet();
      else done = false;
      if (done) event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [onHelp]);
}
