import { parseArgs } from 'node:util';
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { Alert } from '../../pipeline/contract/alerts.ts';

/**
 * Follows the alerts: the last that the stream holds of each rule and GPU, then each as it comes, one line each; ends after
 * `--count` of them, or with Ctrl-C. The stream's consumer comes back by itself when the connection does, and misses nothing.
 */
const { values } = parseArgs({
  options: {
    server: { type: 'string', default: process.env.NATS ?? 'nats://127.0.0.1:4222' },
    severity: { type: 'string', default: '*' },
    count: { type: 'string', default: 'Infinity' },
  },
});

const connection = await connect({ servers: values.server, name: 'follow-alerts' });
const consumer = await jetstream(connection).consumers.get('ALERTS', {
  filter_subjects: [`alerts.${values.severity}.>`],
  deliver_policy: DeliverPolicy.LastPerSubject,
});
const messages = await consumer.consume();
process.once('SIGINT', () => messages.stop());
let left = Number(values.count);
for await (const message of messages) {
  const alert = message.json<Alert>();
  const where = alert.gpu_uuid || alert.node || 'the fleet';
  process.stdout.write(
    `${new Date(alert.opened_at).toISOString()} ${alert.state} ${alert.severity} ${alert.rule} ${where}: ${alert.summary} ${alert.action_text}\n`,
  );
  left--;
  if (left <= 0) break;
}
await connection.drain();
