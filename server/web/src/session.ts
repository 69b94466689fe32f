const KEPT = 'gpu-vitals.key';
const listeners = new Set<() => void>();
/** Where storage is forbidden the key lasts as long as the page. */
let held: string | null = null;

/** The API key of this tab; null while nobody has signed in, which is all that is needed where there are no keys. */
export function sessionKey(): string | null {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return held;
  }
}

export function signIn(key: string): void {
  held = key;
  try {
    sessionStorage.setItem(KEPT, key);
  } catch {
    // As above.
  }
}

/** Forgets the key and tells who listens. */
export function signOut(): void {
  held = null;
  try {
    sessionStorage.removeItem(KEPT);
  } catch {
    // As above.
  }
  for (const listener of [...listeners]) listener();
}

/** Tells when the key was forgotten, because it is not good any more or somebody signed out. */
export function onSignOut(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** `fetch` with the key of this tab. A key that is not good is forgotten. */
export async function sessionFetch(url: string, request: RequestInit): Promise<Response> {
  const key = sessionKey();
  const signed =
    key === null
      ? request
      : { ...request, headers: { ...(request.headers as Record<string, string>), Authorization: `Bearer ${key}` } };
  const response = await fetch(url, signed);
  // What another key was asked with meanwhile says nothing of this one.
  if (response.status === 401 && key === sessionKey()) signOut();
  return response;
}

/**
 * Links to the API itself carry no key, so what is behind them is fetched with it and saved as a file. Without a key the browser
 * follows them as ever.
 */
export function followLinksWithKey(): void {
  document.addEventListener('click', (event) => {
    const link = (event.target as Element | null)?.closest?.('a[href^="/api/v1/"]');
    if (!(link instanceof HTMLAnchorElement) || sessionKey() === null) return;
    event.preventDefault();
    void save(link.href, link.pathname.split('/').at(-1) ?? 'answer');
  });
}

async function save(url: string, name: string): Promise<void> {
  const response = await sessionFetch(url, {}).catch(() => null);
  if (response === null || !response.ok) return;
  const address = URL.createObjectURL(await response.blob());
  const file = document.createElement('a');
  file.href = address;
  file.download = name.includes('.') ? name : `${name}.json`;
  file.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
