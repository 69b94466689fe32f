import { useEffect, useState } from 'preact/hooks';
import { CONSOLE_PAGES, type ConsolePageName } from '../../console-pages.ts';

/** Which page the address means. */
export type Route =
  | { readonly page: ConsolePageName }
  | { readonly page: 'gpu'; readonly gpu_uuid: string }
  | { readonly page: 'unknown'; readonly path: string };

export function routeOf(path: string): Route {
  const known = CONSOLE_PAGES.find((one) => one.path === path);
  if (known !== undefined) return { page: known.page };
  const match = /^\/gpus\/([^/]+)$/.exec(path);
  if (match?.[1] === undefined) return { page: 'unknown', path };
  try {
    return { page: 'gpu', gpu_uuid: decodeURIComponent(match[1]) };
  } catch {
    return { page: 'unknown', path };
  }
}

export const gpuPath = (gpu_uuid: string): string => `/gpus/${encodeURIComponent(gpu_uuid)}`;

/** The fleet, with one node of it in sight. */
export const nodePath = (node: string): string => `/?node=${encodeURIComponent(node)}`;

/** The list of incidents, with one of them in sight. */
export const incidentPath = (id: string): string => `/incidents?id=${encodeURIComponent(id)}`;

/** The fault stories, with one of them in sight. */
export const episodePath = (id: string): string => `/episodes?id=${encodeURIComponent(id)}`;

/** The alerts, with one of them opened. */
export const alertPath = (id: string): string => `/alerts?id=${encodeURIComponent(id)}`;

/** The silences, with one of them in sight. */
export const silencePath = (id: string): string => `/alerts?view=silences&id=${encodeURIComponent(id)}`;

/** The inventory, with one asset opened. */
export const assetPath = (gpu_uuid: string): string => `/assets?id=${encodeURIComponent(gpu_uuid)}`;

/** The anomalies of the fleet that pass a filter. */
export const anomaliesPath = (filter: Readonly<Record<string, string>>): string =>
  `/anomalies?${new URLSearchParams(filter)}`;

/** The list of models, with one of them opened; none when empty. */
export const modelPath = (version: string): string =>
  version === '' ? '/models' : `/models?version=${encodeURIComponent(version)}`;

const listeners = new Set<() => void>();
const tell = (): void => {
  for (const listener of listeners) listener();
};

let fleetAddress = '/';

export function navigate(to: string): void {
  if (location.pathname === '/') fleetAddress = location.pathname + location.search;
  history.pushState(null, '', to);
  scrollTo(0, 0);
  tell();
}

/** Back to the fleet, with the filters that were set there. */
export const toFleet = (): void => navigate(fleetAddress);
export const fleetHref = (): string => fleetAddress;

/** Sets parameters of the address in place; empty ones are left out. */
export function setQuery(changes: Readonly<Record<string, string>>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  history.replaceState(null, '', location.pathname + (text === '' ? '' : `?${text}`));
  tell();
}

/** Follows plain clicks on our own links without loading the page anew. */
export function startRouter(): void {
  addEventListener('popstate', tell);
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link || link.origin !== location.origin || link.target !== '' || link.hasAttribute('data-plain')) return;
    if (routeOf(link.pathname).page === 'unknown') return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}

/** Path and query of the address, current. */
export function useAddress(): { readonly path: string; readonly query: URLSearchParams } {
  const [address, set] = useState(() => location.pathname + location.search);
  useEffect(() => {
    const listener = (): void => set(location.pathname + location.search);
    listeners.add(listener);
    listener();
    return () => {
      listeners.delete(listener);
    };
  }, []);
  const [path = '/', search = ''] = address.split(/\?(.*)/s);
  return { path, query: new URLSearchParams(search) };
}
