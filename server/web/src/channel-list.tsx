import { useState } from 'preact/hooks';
import type { ChannelTest } from '../../client/api-client.ts';
import { api } from './api.ts';
import { Notice } from './notice.tsx';
import { useSaying } from './use-saying.ts';

/** Ways out to people as they are configured, without secrets, each with a message to try it. */
export function ChannelList({ channels, routes }: { readonly channels: unknown; readonly routes: unknown }) {
  const known = Object.entries(typeof channels === 'object' && channels !== null ? channels : {});
  return (
    <section class="card" aria-label="Channels and routes">
      <h2>Channels</h2>
      {known.length === 0 ? (
        <div data-testid="no-channel">
          <Notice title="No channel is configured">
            Alerts are shown here and kept in the stream ALERTS, and told to nobody. See the option alert-channels.
          </Notice>
        </div>
      ) : (
        <ol class="stories" data-testid="channels">
          {known.map(([name, settings]) => (
            <Channel key={name} name={name} settings={settings as Readonly<Record<string, unknown>>} />
          ))}
        </ol>
      )}
      <h2>Routes</h2>
      <p class="quiet">Who is told of what. What is not written is by default: by node, critical and warning.</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keys too */}
      <pre class="card-text" tabIndex={0} data-testid="routes">
        {JSON.stringify(routes ?? {}, null, 2)}
      </pre>
    </section>
  );
}

function Channel(props: { readonly name: string; readonly settings: Readonly<Record<string, unknown>> }) {
  const { name, settings } = props;
  const { kind, ...rest } = settings;
  const [test, setTest] = useState<ChannelTest | null>(null);
  const saying = useSaying();
  const send = (): Promise<boolean> =>
    saying.say(async () => {
      setTest(null);
      setTest(await api.post('/api/v1/alert-channels/{name}/test', { params: { name }, body: {} }));
    });
  return (
    <li class="silence" data-channel={name}>
      <div class="line">
        <b>{name}</b>
        <span>{String(kind)}</span>
        <div class="grow" />
        <button type="button" disabled={saying.busy} onClick={send} aria-label={`Send a test to ${name}`}>
          {saying.busy ? 'Sending…' : 'Send a test'}
        </button>
      </div>
      <p class="quiet small code">
        {Object.entries(rest)
          .map(([field, value]) => `${field}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
          .join(', ')}
      </p>
      {test !== null && (
        <p class={test.taken ? '' : 'critical'} role="status" data-testid="channel-answer">
          {test.taken ? 'Taken' : 'Not taken'} after {Math.round(test.took_ms)} ms
          {test.answer === '' ? '.' : `: ${test.answer}`}
        </p>
      )}
      {saying.failure !== '' && (
        <p class="critical" role="alert">
          {saying.failure}
        </p>
      )}
    </li>
  );
}
