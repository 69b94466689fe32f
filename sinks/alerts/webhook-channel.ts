import { createHmac } from 'node:crypto';
import type { Channel } from '../../pipeline/contract/notifications.ts';
import type { ChannelParts } from './channel-parts.ts';
import { httpPost } from './http-post.ts';
import { notificationJson } from './notification-json.ts';
import type { SecretSource } from './secret-source.ts';

interface WebhookParts extends ChannelParts {
  readonly address: SecretSource;
  /** Signs messages; null sends them unsigned. */
  readonly secret: SecretSource | null;
  readonly bearer_token: SecretSource | null;
}

/**
 * The notification as JSON, posted. `Idempotency-Key` is its id, the same at every try and in every process: once, for a
 * receiver that drops what it has seen. `GPU-Vitals-Signature` is
 * `t=<epoch s>,v1=<hex>`: HMAC-SHA256 with the secret over `<t>.<body>`; a receiver refuses an old `t` and so replays.
 */
export function webhookChannel(parts: WebhookParts): Channel {
  return {
    name: parts.name,
    kind: 'webhook',
    async send(notification, signal) {
      const body = notificationJson(notification);
      const token = parts.bearer_token?.read() ?? null;
      const secret = parts.secret?.read() ?? null;
      const { said } = await httpPost(
        {
          url: parts.address.read(),
          body,
          headers: {
            'idempotency-key': headerText(notification.id),
            ...(secret !== null && { 'gpu-vitals-signature': signature(body, secret, parts.clock.now()) }),
            ...(token !== null && { authorization: `Bearer ${token}` }),
          },
          secrets: [token, secret].filter((one) => one !== null),
          signal,
        },
        parts,
      );
      parts.on_answer(said);
    },
    close: async () => undefined,
  };
}

function signature(body: string, secret: string, now: number): string {
  const t = Math.floor(now / 1_000);
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`;
}

/** A header carries visible ASCII only. */
const headerText = (text: string): string => text.replace(/[^\x21-\x7e]/g, '_').slice(0, 255);
