import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config-schema.ts';
import type { Bus } from '../contract/bus.ts';
import type { VitalsError } from '../contract/errors.ts';
import { type FailureModel, type ModelBook, NO_MODELS } from '../contract/failure-model.ts';
import { followModels } from '../model-follower.ts';
import type { Judging } from '../model-versions.ts';
import { openNatsRegistry } from '../registry/nats-registry.ts';
import { shippedModel } from '../shipped-model.ts';

/** What of the configuration decides about models. */
export type ModelConfig = Pick<Config, 'failure-model' | 'profile' | 'challenger-share'>;

export interface FailureModelsOptions {
  readonly config: ModelConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
}

export interface FollowedModels {
  readonly book: ModelBook;
  /** Null where none is followed. */
  readonly registry: ModelRegistry | null;
  judging(arrived_at: number): Judging;
  stop(): Promise<void>;
}

const NOBODY: Judging = { champion: null, challenger: null, challenger_share: 0 };

/** What judges where nobody has been promoted; null: the heuristic. */
const baseModel = async (
  config: Pick<Config, 'failure-model' | 'profile'>,
  clock: Clock,
  tell: (error: VitalsError) => void,
): Promise<FailureModel | null> =>
  config['failure-model'] === 'shipped' && config.profile !== 'reference'
    ? (await shippedModel(clock, tell)).model
    : null;

/** The models that count, followed from the registry of the running system. The reference profile knows none. */
export async function failureModels(options: FailureModelsOptions): Promise<FollowedModels> {
  const { config, bus, clock, say, tell } = options;
  if (config.profile === 'reference') {
    return { book: NO_MODELS, registry: null, judging: () => NOBODY, stop: async () => undefined };
  }
  const registry = await openNatsRegistry({ bus, clock, tell });
  const follower = await followModels({
    registry,
    base: await baseModel(config, clock, tell),
    share: config['challenger-share'],
    say,
    tell,
  });
  return {
    book: follower.versions,
    registry,
    judging: (arrived_at) => follower.versions.judging(arrived_at),
    async stop() {
      await follower.stop();
      await registry.close();
    },
  };
}
