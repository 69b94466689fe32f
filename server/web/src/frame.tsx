import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { Brand } from './brand.tsx';
import { useConsole, useIncidents, useLiveState, useNow } from './console-parts.ts';
import { dataState } from './data-state.ts';
import { integer } from './format-value.ts';
import { fleetHref, navigate, toFleet, useAddress } from './router.ts';
import { toggleTheme, useTheme } from './theme.ts';

const KEYS: Readonly<Record<string, string>> = { i: '/incidents', p: '/predictions', m: '/money', v: '/models' };

/** What all pages share: the name, the connection, the theme, the keys. */
export function Frame({ children }: { readonly children: ComponentChildren }) {
  const { simulated } = useConsole();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
      if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
      if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('input[type="search"]');
        if (search === null) return;
        event.preventDefault();
        search.focus();
        search.select();
      } else if (event.key === 'Escape' && location.pathname !== '/') {
        toFleet();
      } else {
        const page = KEYS[event.key];
        if (page !== undefined) navigate(page);
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);

  return (
    <>
      <a class="skip" href="#content" data-plain>
        To the content
      </a>
      <header class="bar">
        <Brand />
        <Pages />
        {simulated && (
          <span class="simulated" data-testid="simulated" title="No real GPU is behind these readings.">
            simulated fleet
          </span>
        )}
        <div class="grow" />
        <Connection />
        <ThemeButton />
      </header>
      <main id="content">{children}</main>
    </>
  );
}

function Pages() {
  const { path } = useAddress();
  const incidents = useIncidents();
  const current = (one: string): { 'aria-current'?: 'page' } => (path === one ? { 'aria-current': 'page' } : {});
  return (
    <nav class="pages" aria-label="Pages">
      <a href={fleetHref()} {...current('/')}>
        Fleet
      </a>
      <a href="/incidents" aria-keyshortcuts="i" data-testid="to-incidents" {...current('/incidents')}>
        Incidents
        {incidents.total > 0 && (
          <span class={`number-of ${incidents.open?.[0]?.severity ?? ''}`}>
            {integer(incidents.total)}
            <span class="hidden"> open</span>
          </span>
        )}
      </a>
      <a href="/predictions" aria-keyshortcuts="p" data-testid="to-predictions" {...current('/predictions')}>
        Predictions
      </a>
      <a href="/money" aria-keyshortcuts="m" data-testid="to-money" {...current('/money')}>
        Money
      </a>
      <a href="/models" aria-keyshortcuts="v" data-testid="to-models" {...current('/models')}>
        Models
      </a>
      <a href="/labels" data-testid="to-labels" {...current('/labels')}>
        Failures
      </a>
    </nav>
  );
}

function Connection() {
  const { client } = useConsole();
  const live = useLiveState(client);
  const now = useNow();
  const state = dataState({ live, silent_since: null, now });
  return (
    <>
      <span class={`connection ${state.kind}`} data-testid="connection" role="status">
        <i aria-hidden="true" />
        <span>{state.kind === 'live' || state.kind === 'connecting' ? state.text : 'not connected'}</span>
      </span>
      {state.kind === 'lost' && (
        <div class="banner" role="alert" data-testid="connection-banner">
          What is shown is old: {state.text}.
          <button type="button" onClick={() => client.wake()}>
            Try now
          </button>
        </div>
      )}
    </>
  );
}

function ThemeButton() {
  const theme = useTheme();
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <button
      type="button"
      class="icon"
      onClick={toggleTheme}
      aria-label={`Use the ${other} theme`}
      title={`Use the ${other} theme`}
    >
      <svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true">
        <circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" stroke-width="1.6" />
        <path d="M10 3a7 7 0 0 1 0 14z" fill="currentColor" />
      </svg>
    </button>
  );
}
