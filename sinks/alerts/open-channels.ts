import type { Clock } from '../../pipeline/clock.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { type Channel, ChannelFailure } from '../../pipeline/contract/notifications.ts';
import { milliseconds, parseDuration } from '../../pipeline/contract/time.ts';
import { alertmanagerChannel } from './alertmanager-channel.ts';
import type { ChannelParts } from './channel-parts.ts';
import type { AlertChannels, ChannelSettings } from './channel-settings.ts';
import { emailChannel } from './email-channel.ts';
import { pagerdutyChannel } from './pagerduty-channel.ts';
import { type RunAfter, runAfter } from './run-after.ts';
import { type Environment, type SecretSource, secretSource } from './secret-source.ts';
import { slackChannel } from './slack-channel.ts';
import { webhookChannel } from './webhook-channel.ts';

export interface OpenChannelsOptions {
  readonly channels: AlertChannels;
  /** Address of the console: only links that lead there are put into messages. */
  readonly link_base: string;
  /** Where `_env` looks. */
  readonly environment: Environment;
  readonly clock: Clock;
  /** Addresses of the machine's own link may be asked too; refused when absent. */
  readonly allow_link_local?: boolean;
  /** What the other side said when it took a message; without secrets. */
  readonly on_answer?: (channel: string, said: string) => void;
  /** Trouble beside messages: Alertmanager did not take the open alerts again. */
  readonly on_problem?: (channel: string, detail: string) => void;
  readonly after?: RunAfter;
}

/**
 * The channels of a configuration, ready to send. Every secret is read once here, so that a missing file is known at the start;
 * later they are read anew for each message. Throws VitalsError GV-ALT-001 that names all problems of all channels.
 */
export function openChannels(options: OpenChannelsOptions): Channel[] {
  const problems: string[] = [];
  const opened = Object.entries(options.channels).map(([name, settings]) => {
    const secrets: Secrets = (secret) => {
      const source = secretSource(settings, secret, options.environment);
      try {
        source?.read();
      } catch (error) {
        problems.push(`${name}: ${secret}: ${error instanceof ChannelFailure ? error.message : 'cannot be read'}`);
      }
      return source;
    };
    return openChannel(name, settings, secrets, options);
  });
  if (problems.length > 0) throw new VitalsError('GV-ALT-001', problems.join('; '), 'alert-channels');
  return opened;
}

type Secrets = (name: string) => SecretSource | null;

function openChannel(name: string, settings: ChannelSettings, secrets: Secrets, options: OpenChannelsOptions): Channel {
  const parts: ChannelParts = {
    name,
    link_base: options.link_base,
    timeout: parseDuration(settings.timeout) ?? milliseconds(10_000),
    ca_file: settings.ca_file,
    clock: options.clock,
    allow_link_local: options.allow_link_local,
    on_answer: (said) => options.on_answer?.(name, said),
  };
  /** Settings without it were refused when the configuration was read. */
  const needed = (secret: string): SecretSource => {
    const source = secrets(secret);
    if (source === null) throw new VitalsError('GV-ALT-001', `${name}: ${secret} is missing`, 'alert-channels');
    return source;
  };
  switch (settings.kind) {
    case 'slack':
      return slackChannel({ ...parts, address: needed('url') });
    case 'email':
      return emailChannel({
        ...parts,
        host: settings.host,
        port: settings.port ?? (settings.security === 'tls' ? 465 : settings.security === 'none' ? 25 : 587),
        security: settings.security,
        user: settings.user ?? null,
        password: secrets('password'),
        from: settings.from,
        to: settings.to,
      });
    case 'pagerduty':
      return pagerdutyChannel({ ...parts, url: settings.url, routing_key: needed('routing_key') });
    case 'webhook':
      return webhookChannel({
        ...parts,
        address: needed('url'),
        secret: secrets('secret'),
        bearer_token: secrets('bearer_token'),
      });
    case 'alertmanager':
      return alertmanagerChannel({
        ...parts,
        address: needed('url'),
        bearer_token: secrets('bearer_token'),
        labels: settings.labels,
        repost: parseDuration(settings.repost) ?? milliseconds(60_000),
        after: options.after ?? runAfter,
        on_problem: (detail) => options.on_problem?.(name, detail),
      });
  }
}
