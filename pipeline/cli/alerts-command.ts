import type { Command } from 'commander';
import type { AlertChannels } from '../../sinks/alerts/channel-settings.ts';
import { openChannels } from '../../sinks/alerts/open-channels.ts';
import { testNotification } from '../../sinks/alerts/test-notification.ts';
import { systemClock } from '../clock.ts';
import type { Config, ConfigKey } from '../config-schema.ts';
import { VitalsError } from '../contract/errors.ts';
import { ChannelFailure } from '../contract/notifications.ts';
import { effectiveConfig } from '../effective-config.ts';
import { readAddresses } from '../roles/addresses.ts';
import { configured, contextOf } from './context.ts';

const KEYS: readonly ConfigKey[] = ['alert-channels', 'alert-link', 'api', 'allow-link-local'];
const SEND_TIMEOUT_MS = 60_000;

/** `alerts test CHANNEL` sends one message and tells what the other side said; `alerts channels` lists them without secrets. */
export function addAlertsCommand(program: Command): void {
  const group = program.command('alerts').description('ways out for alerts: what is configured, and whether it works');

  const test = configured(group.command('test'), KEYS)
    .description('sends one message that says it is a test')
    .argument('<channel>', 'name, as `alerts channels` tells it')
    .action(async (name: string) => {
      const context = contextOf(test, KEYS);
      const { values } = context.loaded;
      const settings = settingsOf(values['alert-channels'], name);
      const link_base = await linkBase(values);
      let answer = '';
      const [channel] = openChannels({
        channels: { [name]: settings },
        link_base,
        environment: process.env,
        clock: systemClock,
        allow_link_local: values['allow-link-local'],
        on_answer: (_, said) => {
          answer = said;
        },
      });
      if (channel === undefined) throw new VitalsError('GV-ALT-001', 'it cannot be opened', name);
      const began = systemClock.monotonic();
      try {
        const notification = testNotification({ channel: name, at: systemClock.now(), link: link_base });
        await channel.send(notification, AbortSignal.timeout(SEND_TIMEOUT_MS));
      } catch (error) {
        if (!(error instanceof ChannelFailure)) throw error;
        throw new VitalsError('GV-ALT-002', error.message, `${name} (${settings.kind})`);
      } finally {
        await channel.close();
      }
      const took_ms = Math.round(systemClock.monotonic() - began);
      context.answer(
        { channel: name, kind: settings.kind, answer, took_ms },
        () => `${name} (${settings.kind}): taken in ${took_ms} ms, ${answer === '' ? 'without a word' : answer}`,
      );
    });

  const list = configured(group.command('channels'), KEYS)
    .description('what is configured, without secrets')
    .action(() => {
      const context = contextOf(list, KEYS);
      const option = effectiveConfig(context.loaded).find((one) => one.option === 'alert-channels');
      const rows = Object.entries(option?.value as AlertChannels).map(([name, settings]) => ({ name, ...settings }));
      context.answer(rows, () =>
        rows.length === 0
          ? 'no channel is configured; see alert-channels in `gpu-vitals config --reference`'
          : rows.map(({ name, kind, ...rest }) => `${name}  ${kind}  ${JSON.stringify(rest)}`).join('\n'),
      );
    });
}

function settingsOf(channels: AlertChannels, name: string): AlertChannels[string] {
  const settings = Object.hasOwn(channels, name) ? channels[name] : undefined;
  if (settings !== undefined) return settings;
  const known = Object.keys(channels);
  throw new VitalsError(
    'GV-CLI-001',
    `there is no channel ${name}, ${known.length === 0 ? 'none is configured' : `known are ${known.join(', ')}`}`,
    '',
    { action: 'Name one of them, or add it to alert-channels.' },
  );
}

/** Where the console is: as configured, else where it runs now, else where it would listen. */
async function linkBase(config: Config): Promise<string> {
  if (config['alert-link'] !== '') return config['alert-link'];
  return (await readAddresses(config.data))?.api ?? `http://${config.api}`;
}
