import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { pagesWithout } from '../../console-pages.ts';
import { Brand } from './brand.tsx';
import { useAlerts, useConsole, useIncidents, useLiveState, useNow } from './console-parts.ts';
import { dataState } from './data-state.ts';
import { integer } from './format-value.ts';
import { useKeyboard } from './keyboard.ts';
import { KeysHelp } from './keys-help.tsx';
import { fleetHref, useAddress } from './router.ts';
import { sessionKey, signOut } from './session.ts';
import { toggleTheme, useTheme } from './theme.ts';

/** What all pages share: the name, the connection, the theme, the keys. */
export function Frame({ children }: { readonly children: ComponentChildren }) {
  const { simulated } = useConsole();
  const [help, setHelp] = useState(false);
  const toggleHelp = useCallback(() => setHelp((shown) => !shown), []);
  const closeHelp = useCallback(() => setHelp(false), []);
  useKeyboard(toggleHelp);

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
        <button
          type="button"
          class="icon keys"
          onClick={toggleHelp}
          aria-label="Keys"
          title="Keys"
          aria-keyshortcuts="?"
        >
          ?
        </button>
        <ThemeButton />
        {sessionKey() !== null && (
          <button type="button" class="small" onClick={signOut} data-testid="sign-out">
            Sign out
          </button>
        )}
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <KeysHelp open={help} onClose={closeHelp} />
    </>
  );
}

function Pages() {
  const { path } = useAddress();
  const { refused } = useConsole();
  const incidents = useIncidents();
  const told = useAlerts().waiting();
  const nav = useRef<HTMLElement>(null);
  // On a narrow screen the names scroll sideways.
  useEffect(() => {
    const current = nav.current?.querySelector<HTMLElement>('[aria-current]');
    if (nav.current && current) nav.current.scrollLeft = current.offsetLeft - nav.current.clientWidth / 2;
  }, [path]);
  return (
    <nav class="pages" aria-label="Pages" ref={nav}>
      {pagesWithout(refused).map(({ page, path: to, label, key }) => (
        <a
          key={page}
          href={page === 'fleet' ? fleetHref() : to}
          aria-keyshortcuts={`g ${key}`}
          title={`g ${key}`}
          data-testid={`to-${page}`}
          {...(path === to ? { 'aria-current': 'page' } : {})}
        >
          {label}
          {page === 'alerts' && told.length > 0 && (
            <span class={`number-of ${told[0]?.severity ?? ''}`}>
              {integer(told.length)}
              <span class="hidden"> waiting</span>
            </span>
          )}
          {page === 'incidents' && incidents.total > 0 && (
            <span class={`number-of ${incidents.open?.[0]?.severity ?? ''}`}>
              {integer(incidents.total)}
              <span class="hidden"> open</span>
            </span>
          )}
        </a>
      ))}
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
