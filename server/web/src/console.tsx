import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, type ConsoleConfig } from '../../client/api-client.ts';
import { type ConsolePageName, pagesWithout } from '../../console-pages.ts';
import { createLiveClient } from '../../live-client.ts';
import { AlertStore } from './alert-store.ts';
import { AlertsPage } from './alerts-page.tsx';
import { AnomaliesPage } from './anomalies-page.tsx';
import { api } from './api.ts';
import { AssetsPage } from './assets-page.tsx';
import { Brand } from './brand.tsx';
import { ConsoleContext, type ConsoleParts, useConsole } from './console-parts.ts';
import { EpisodesPage } from './episodes-page.tsx';
import { FleetPage } from './fleet-page.tsx';
import { FleetStore } from './fleet-store.ts';
import { Frame } from './frame.tsx';
import { GpuPage } from './gpu-page.tsx';
import { IncidentStore } from './incident-store.ts';
import { IncidentsPage } from './incidents-page.tsx';
import { LabelsPage } from './labels-page.tsx';
import { loadPlaces } from './load-places.ts';
import { ModelsPage } from './models-page.tsx';
import { MoneyPage } from './money-page.tsx';
import { Notice } from './notice.tsx';
import { parseInParts } from './parse-in-parts.ts';
import { PipelinePage } from './pipeline-page.tsx';
import { PredictionsPage } from './predictions-page.tsx';
import { ReportsPage } from './reports-page.tsx';
import { routeOf, useAddress } from './router.ts';
import { onSignOut, sessionKey, signIn } from './session.ts';
import { SettingsPage } from './settings-page.tsx';
import { SignIn } from './sign-in.tsx';

const RETRY_MS = 2_000;
const PAGES: Readonly<Record<ConsolePageName, ComponentType>> = {
  fleet: FleetPage,
  alerts: AlertsPage,
  anomalies: AnomaliesPage,
  episodes: EpisodesPage,
  incidents: IncidentsPage,
  predictions: PredictionsPage,
  money: MoneyPage,
  models: ModelsPage,
  labels: LabelsPage,
  assets: AssetsPage,
  reports: ReportsPage,
  pipeline: PipelinePage,
  settings: SettingsPage,
};
type Start =
  | { readonly parts: ConsoleParts }
  | { readonly failure: string | null }
  /** A key is needed; `said` is what is wrong with the one before. */
  | { readonly said: string | null };

/** Asks the installation where its live server is, until it answers, and then shows the page of the address. */
export function Console() {
  const [start, setStart] = useState<Start>({ failure: null });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let end = (): void => {};
    const ask = async (): Promise<void> => {
      const tried = sessionKey() !== null;
      try {
        const config = await api.get('/api/v1/console-config', { signal: gone.signal });
        if (gone.signal.aborted) return;
        if (config.live === null) {
          setStart({ failure: 'This installation has no live server.' });
          return;
        }
        const { parts, stop } = startParts(config, config.live);
        end = stop;
        setStart({ parts });
      } catch (error) {
        if (gone.signal.aborted) return;
        if (error instanceof ApiError && error.status === 401) {
          setStart({ said: tried ? 'This key is not good: it is unknown, expired or revoked.' : null });
          return;
        }
        setStart({ failure: error instanceof Error ? error.message : String(error) });
        timer = setTimeout(ask, RETRY_MS);
      }
    };
    const stopListening = onSignOut(() => {
      end();
      end = () => {};
      setStart({ said: 'The key is no longer good, or somebody signed out.' });
    });
    void ask();
    return () => {
      stopListening();
      gone.abort();
      clearTimeout(timer);
      end();
    };
  }, [round]);

  if ('said' in start) {
    const enter = (key: string): void => {
      signIn(key);
      setStart({ failure: null });
      setRound(round + 1);
    };
    return <SignIn said={start.said} onKey={enter} />;
  }
  if (!('parts' in start)) {
    return (
      <main class="alone">
        <Brand />
        {start.failure === null ? (
          <Notice title="Loading">Asking the API where the live data is.</Notice>
        ) : (
          <Notice title="The API cannot be read" tone="critical">
            {start.failure}. Trying again every {RETRY_MS / 1_000} seconds.
          </Notice>
        )}
      </main>
    );
  }
  return (
    <ConsoleContext.Provider value={start.parts}>
      <Frame>
        <Page />
      </Frame>
    </ConsoleContext.Provider>
  );
}

function Page() {
  const { path } = useAddress();
  const { refused, tenant } = useConsole();
  const route = routeOf(path);
  if (route.page === 'gpu') return <GpuPage key={route.gpu_uuid} gpu_uuid={route.gpu_uuid} />;
  if (route.page !== 'unknown' && !pagesWithout(refused).some(({ page }) => page === route.page)) {
    return (
      <Notice title="This page is not for this key">
        {tenant === '' ? 'Its role is too low.' : `It is about more than the GPUs of ${tenant}.`}{' '}
        <a href="/">To the fleet</a>
      </Notice>
    );
  }
  if (route.page !== 'unknown') {
    const Shown = PAGES[route.page];
    return <Shown />;
  }
  return (
    <Notice title="There is nothing here">
      {route.path} is no page. <a href="/">To the fleet</a>
    </Notice>
  );
}

function startParts(config: ConsoleConfig, url: string): { parts: ConsoleParts; stop: () => void } {
  const key = sessionKey();
  const client = createLiveClient({ url, parse: parseInParts, ...(key === null ? {} : { key }) });
  const fleet = new FleetStore(client);
  const incidents = new IncidentStore();
  const alerts = new AlertStore(client);
  incidents.start();
  const wake = (): void => {
    if (document.visibilityState === 'visible') client.wake();
  };
  addEventListener('online', wake);
  document.addEventListener('visibilitychange', wake);
  const stopPlaces = loadPlaces(fleet);
  return {
    parts: {
      ...{ client, fleet, incidents, alerts },
      ...{ stale_after_ms: config.stale_after_ms, simulated: config.simulated },
      ...{ tenant: config.tenant, refused: config.refused },
    },
    stop() {
      removeEventListener('online', wake);
      document.removeEventListener('visibilitychange', wake);
      stopPlaces();
      incidents.stop();
      client.close();
    },
  };
}
