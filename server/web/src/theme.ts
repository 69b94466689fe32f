import { useEffect, useState } from 'preact/hooks';
import type { Theme } from './colour-scale.ts';

const KEY = 'gpu-vitals.theme';
const system = matchMedia('(prefers-color-scheme: light)');
const listeners = new Set<() => void>();

function chosen(): Theme | null {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'dark' || kept === 'light' ? kept : null;
  } catch {
    // Storage can be forbidden; then the choice lasts as long as the page.
    return null;
  }
}

let current: Theme = 'dark';

function apply(theme: Theme): void {
  current = theme;
  document.documentElement.dataset.theme = theme;
  for (const listener of listeners) listener();
}

/** Takes the kept choice, else the system's, and follows the system while nothing was chosen. */
export function startTheme(): void {
  const follow = (): void => apply(chosen() ?? (system.matches ? 'light' : 'dark'));
  system.addEventListener('change', follow);
  follow();
}

export function toggleTheme(): void {
  const next = current === 'dark' ? 'light' : 'dark';
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // As above.
  }
  apply(next);
}

export function useTheme(): Theme {
  const [theme, set] = useState(current);
  useEffect(() => {
    const listener = (): void => set(current);
    listeners.add(listener);
    listener();
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return theme;
}
