import type { Clock } from '../pipeline/clock.ts';
import { VitalsError } from '../pipeline/contract/errors.ts';
import { ChannelFailure } from '../pipeline/contract/notifications.ts';
import type { AlertChannels } from '../sinks/alerts/channel-settings.ts';
import { openChannels } from '../sinks/alerts/open-channels.ts';
import type { Environment } from '../sinks/alerts/secret-source.ts';
import { testNotification } from '../sinks/alerts/test-notification.ts';
import { oneByOne } from './one-by-one.ts';

/** What came of a test message. */
export interface ChannelTest {
  readonly channel: string;
  readonly kind: string;
  readonly taken: boolean;
  /** What the other side said, or why it did not take it. */
  readonly answer: string;
  readonly took_ms: number;
}

/** Ways out to people, as far as the API may use them. */
export interface ChannelDesk {
  /** Sends one message that says it is a test. Throws GV-API-002 for a name that is not configured. */
  test(name: string): Promise<ChannelTest>;
}

export interface ChannelDeskOptions {
  readonly channels: AlertChannels;
  /** Address of the console. */
  readonly link: () => string;
  readonly environment: Environment;
  readonly clock: Clock;
  /** Addresses of the machine's own link may be asked too; refused when absent. */
  readonly allow_link_local?: boolean;
}

/** Within the time that an HTTP client waits. */
const SEND_TIMEOUT_MS = 20_000;

/** One test at a time: whoever presses the button many times does not flood the other side at once. */
export function channelDesk(options: ChannelDeskOptions): ChannelDesk {
  const { channels, clock, environment, allow_link_local = false } = options;
  const inTurn = oneByOne();

  async function send(name: string): Promise<ChannelTest> {
    const settings = Object.hasOwn(channels, name) ? channels[name] : undefined;
    if (settings === undefined) throw new VitalsError('GV-API-002', `There is no channel ${name}`, 'name');
    const link_base = options.link();
    let answer = '';
    const on_answer = (_: string, said: string): void => {
      answer = said;
    };
    const began = clock.monotonic();
    const told = (taken: boolean): ChannelTest => ({
      channel: name,
      kind: settings.kind,
      taken,
      answer,
      took_ms: Math.round(clock.monotonic() - began),
    });
    let opened: ReturnType<typeof openChannels> = [];
    try {
      opened = openChannels({
        channels: { [name]: settings },
        link_base,
        environment,
        clock,
        allow_link_local,
        on_answer,
      });
      const notification = testNotification({ channel: name, at: clock.now(), link: link_base });
      for (const channel of opened) await channel.send(notification, AbortSignal.timeout(SEND_TIMEOUT_MS));
      return told(true);
    } catch (error) {
      const unusable = error instanceof VitalsError && error.code === 'GV-ALT-001';
      if (!(error instanceof ChannelFailure) && !unusable) throw error;
      answer = error.message;
      return told(false);
    } finally {
      for (const channel of opened) await channel.close();
    }
  }
  return { test: (name) => inTurn(() => send(name)) };
}
