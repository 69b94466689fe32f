import { Command, InvalidArgumentError } from 'commander';
import { loadBundle, packBundle } from '../../models/prediction/bundle.ts';
import { createEnsemble } from '../../models/prediction/ensemble.ts';
import { modelCard } from '../../models/prediction/model-card.ts';
import { heuristic } from '../../operators/prediction/heuristic.ts';
import { systemClock } from '../../pipeline/clock.ts';
import { openFolderRegistry } from '../../pipeline/registry/folder-registry.ts';
import { sourceCommit } from '../../pipeline/roles/source-commit.ts';
import { judgeShipped } from './judge-shipped.ts';
import { SHIPPED_SIZE, trainShipped } from './train-shipped.ts';

/** `npm run train-shipped`: the model that comes with a release, from a seed. */
const whole = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('must be a whole number');
  return Number(text);
};
const program = new Command('train-shipped')
  .description('Trains the failure model that is shipped, on simulated fleets; about an hour on one core.')
  .option('--out <folder>', 'folder registry that it goes to', 'models/shipped')
  .option('--work <folder>', 'where what took long is kept', '.train-shipped')
  .option('--seed <n>', 'what everything is drawn from', whole, 1)
  .option('--failure-rate-scale <n>', 'times the published failure rate', whole, 6)
  .option('--share <percent>', 'of the usual sizes, in percent', whole, 100)
  .option('--epochs <n>', 'of the recurrent network', whole, SHIPPED_SIZE.lstm.epochs)
  .showHelpAfterError()
  .parse();
const options = program.opts<{
  out: string;
  work: string;
  seed: number;
  failureRateScale: number;
  share: number;
  epochs: number;
}>();

const began = systemClock.monotonic();
const say = (line: string): void => {
  const minutes = (systemClock.monotonic() - began) / 60_000;
  process.stderr.write(`${minutes.toFixed(1).padStart(5)} min  ${line}\n`);
};
const scaled = <P extends { readonly gpus: number; readonly days: number }>(part: P): P => ({
  ...part,
  gpus: Math.max(40, Math.round((part.gpus * options.share) / 100 / 8) * 8),
});
const { seed, failureRateScale: failure_rate_scale } = options;
const trained = await trainShipped({
  size: {
    ...SHIPPED_SIZE,
    trees: scaled(SHIPPED_SIZE.trees),
    network: scaled(SHIPPED_SIZE.network),
    calibrate: scaled(SHIPPED_SIZE.calibrate),
    lstm: { ...SHIPPED_SIZE.lstm, epochs: options.epochs },
  },
  seed,
  failure_rate_scale,
  work: options.work,
  say,
  monotonic: () => systemClock.monotonic(),
});
const { bundle } = trained;
const model = createEnsemble(loadBundle(JSON.parse(JSON.stringify(bundle)), 'trained bundle'), 'new');
const fleet = { ...scaled(SHIPPED_SIZE.calibrate), seed: seed + 3, failure_rate_scale };
say(`judging on ${fleet.gpus} other boards for ${fleet.days} days`);
const metrics = judgeShipped(fleet, { model, heuristic });
const command = `npm run train-shipped -- ${process.argv.slice(2).join(' ')}`.trim().replace(/ --$/, '');
const registry = openFolderRegistry({
  folder: options.out,
  clock: systemClock,
  tell: (error) => say(error.line()),
});
const bytes = packBundle(bundle);
const manifest = await registry.put(bytes, {
  name: bundle.name,
  trained_on: 'simulated',
  lineage: {
    data_from: trained.from,
    data_to: trained.to,
    rows: trained.rows,
    gpus: trained.gpus,
    positives: trained.positives,
    feature_version: '1',
    seed,
    commit: sourceCommit(),
    params: { failure_rate_scale, share_percent: options.share },
  },
  metrics,
  card: modelCard(bundle, {
    command,
    seed,
    data: trained.facts,
    metrics,
    judged: [
      `On ${fleet.gpus} simulated boards of another seed for ${fleet.days} days, asked at every vector as live, once a day and board; \`model_\` is this one, \`heuristic_\` the rule of thumb, \`failing_share_\` what happened.`,
    ],
  }),
  note: 'Trained on simulated fleets only.',
});
await registry.setAlias('champion', manifest.version, { by: 'train-shipped', why: command });
await registry.close();
say(`version ${manifest.version} in ${options.out}, ${bytes.length} bytes`);
process.stdout.write(`${JSON.stringify(metrics, null, 2)}\n`);
