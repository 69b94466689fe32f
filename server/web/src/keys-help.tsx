import { useEffect, useRef } from 'preact/hooks';
import { pagesWithout } from '../../console-pages.ts';
import { useConsole } from './console-parts.ts';

const KEYS: readonly (readonly [keys: readonly string[], does: string])[] = [
  [['/'], 'Search'],
  [['j', 'k'], 'Next and previous row, also with the arrows'],
  [['Enter'], 'Open what has the focus'],
  [['Esc'], 'Leave a field, close a dialog, back to the fleet'],
  [['↑', '↓', '←', '→'], 'Move over the map when it has the focus'],
  [['+', '−', '0'], 'Zoom the map in, out, and back to the whole; drag moves it'],
  [['?'], 'These keys'],
];

/** Every key of the console, over the page. */
export function KeysHelp({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const { refused } = useConsole();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (element === null || element.open === open) return;
    if (open) element.showModal();
    else element.close();
  }, [open]);
  return (
    <dialog ref={dialog} class="keys-help" aria-labelledby="keys-title" onClose={onClose} data-testid="keys-help">
      <div class="head">
        <h2 id="keys-title">Keys</h2>
        <div class="grow" />
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      <dl>
        {KEYS.map(([keys, does]) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <h3>
        Pages: <kbd>g</kbd> and then
      </h3>
      <dl class="pages-of">
        {pagesWithout(refused).map(({ key, label }) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}
