import { type LoadedBundle, readBundle } from '../../../models/prediction/bundle.ts';
import type { Clock } from '../../../pipeline/clock.ts';
import { VitalsError } from '../../../pipeline/contract/errors.ts';
import { openShipped, SHIPPED_PREFIX } from '../../../pipeline/shipped-model.ts';
import { type StandInOptions, type StandInSize, standInModel } from './stand-in-model.ts';

export interface JudgedModel {
  readonly loaded: LoadedBundle;
  /** For people: which model it is, and where it comes from. */
  readonly named: string;
  /** Times the published failure rate at which it learned: its probabilities are meant for fleets like that. */
  readonly failure_rate_scale: number;
}

/** The release has no registry of shipped models. */
const NOT_THERE = 'GV-MDL-105';

/** The model that comes with the release; where there is none, a small one that is trained on the spot. */
export async function judgedModel(clock: Clock, size: StandInSize, options: StandInOptions): Promise<JudgedModel> {
  const registry = openShipped(clock, (error) => options.say(error.line()));
  try {
    const { manifest, bytes } = await registry.get('champion');
    const loaded = readBundle(bytes, `shipped model ${manifest.version}`);
    const { name, trained_on } = loaded.bundle;
    const scale = manifest.lineage.params.failure_rate_scale;
    return {
      loaded,
      failure_rate_scale: typeof scale === 'number' ? scale : size.failure_rate_scale,
      named: `the shipped model (${name} ${SHIPPED_PREFIX}${manifest.version}, trained on ${trained_on === 'simulated' ? 'simulated fleets only' : `${trained_on} data`}, seed ${manifest.lineage.seed})`,
    };
  } catch (error) {
    if (!(error instanceof VitalsError && error.code === NOT_THERE)) throw error;
  } finally {
    await registry.close();
  }
  options.say('prediction: no model is shipped, a small one is trained to stand in for it');
  return {
    loaded: await standInModel(size, options),
    failure_rate_scale: size.failure_rate_scale,
    named: `a small stand-in, since no model is shipped (${size.gpus} simulated GPUs, ${size.days} days, seed ${options.seed})`,
  };
}
