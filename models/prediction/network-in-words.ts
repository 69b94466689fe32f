import type { NetworkOrigin, PredictionBundle } from './bundle.ts';

const FLEETS: Readonly<Record<NetworkOrigin['trained_on'], string>> = {
  simulated: 'the history of a simulated fleet',
  real: "this fleet's own history",
  mixed: "simulated fleets first, then this fleet's own history",
};
const BEGINNINGS: Readonly<Record<NetworkOrigin['began_with'], string>> = {
  nothing: 'from drawn weights',
  simulated: 'from a network that was trained on simulated fleets',
  mixed: 'from a network that was trained on simulated fleets and on this one',
  real: 'from a network that was trained on this fleet',
};

/** Where the recurrent network of a bundle comes from, in one line; what was shipped goes on saying that it was. */
export function networkInWords(lstm: PredictionBundle['lstm']): string {
  if (lstm === null) return 'none';
  const { origin } = lstm;
  if (origin === null) return 'as shipped, trained on simulated fleets';
  const { gpus, failing_gpus, gpu_steps, backend, loss, loss_before } = origin;
  const late = origin.ended === 'time' ? ', until its time was over' : '';
  return [
    `trained on ${FLEETS[origin.trained_on]}, ${day(origin.from)} to ${day(origin.to)}`,
    `${gpus} boards of which ${failing_gpus} failed, ${gpu_steps} steps on ${backend}${late}, ${BEGINNINGS[origin.began_with]}`,
    `loss ${loss.toFixed(4)} on boards that it did not learn from, ${loss_before.toFixed(4)} before`,
  ].join('; ');
}

const day = (ts: number): string => new Date(ts).toISOString().slice(0, 10);
