import { connectBus } from '../bus/connect-bus.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config-schema.ts';
import type { Bus } from '../contract/bus.ts';
import { natsAddress } from '../roles/addresses.ts';

const CONNECT_TIMEOUT_MS = 3_000;

/** The bus of the running system, for a command that ends. Throws VitalsError GV-BUS-001 when it cannot be reached. */
export const openBus = async (config: Config, command: string): Promise<Bus> =>
  connectBus({
    servers: await natsAddress(config),
    name: `gpu-vitals ${command}`,
    clock: systemClock,
    connect_timeout_ms: CONNECT_TIMEOUT_MS,
    stream_replicas: config['stream-replicas'],
  });
