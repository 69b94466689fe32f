import { fileURLToPath } from 'node:url';
import { it, onTestFinished } from 'vitest';
import { cachedNats } from '../../pipeline/bus/secured-nats.fixture.ts';
import { expectClosed, NatsCluster } from '../services/nats-cluster.fixture.ts';

it('lets no server join the cluster that does not know the password', async () => {
  const config = fileURLToPath(new URL('nats/cluster.conf', import.meta.url));
  const cluster = new NatsCluster(await cachedNats(), config);
  onTestFinished(() => cluster.stop());
  await expectClosed(cluster);
});
