const KEY = 'gpu-vitals.name';

/** What the person called themselves last, on this browser; empty before. */
export function myName(): string {
  try {
    return localStorage.getItem(KEY) ?? '';
  } catch {
    // Storage can be forbidden; then the name is asked for every time.
    return '';
  }
}

export function keepMyName(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // As above.
  }
}
