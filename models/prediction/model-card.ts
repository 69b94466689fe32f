import type { PredictionBundle } from './bundle.ts';

export interface CardFacts {
  /** What made it, as one would say it again. */
  readonly command: string;
  readonly seed: number;
  /** Sentences: where the rows come from. */
  readonly data: readonly string[];
  readonly metrics: Readonly<Record<string, number>>;
  /** Sentences: how it was judged. */
  readonly judged: readonly string[];
}

const LIMITS = [
  'It foresees what it has seen. A fault without forerunners is foreseen by nobody.',
  'It advises people. It must not take a GPU out of service by itself.',
];

/** What a person must know before they trust a model: Markdown, kept beside it. After Mitchell et al. 2019, "Model cards". */
export function modelCard(bundle: PredictionBundle, facts: CardFacts): string {
  const simulated = bundle.trained_on !== 'real';
  const parts = [
    `trees for ${[bundle.trees.d7 && '7', bundle.trees.d30 && '30', bundle.trees.d90 && '90'].filter(Boolean).join(', ')} days`,
    ...(bundle.cox === null ? [] : ['Cox proportional hazards']),
    ...(bundle.lstm === null ? [] : ['a recurrent network']),
    ...(bundle.novelty === null ? [] : ['an isolation forest']),
    ...(bundle.types === null ? [] : ['trees for the type of the failure']),
  ];
  return [
    `# ${bundle.name}`,
    '',
    simulated
      ? '**Trained on simulated fleets.** Its figures say how well it knows the simulation; how well it foresees failures of real GPUs nobody has measured.'
      : 'Trained on the history of this fleet and the failures that people confirmed.',
    '',
    `Foresees GPU failures within 7, 30 and 90 days from ${bundle.features.length} features: ${parts.join(', ')}, combined and calibrated on later data of other GPUs.`,
    '',
    '## Data',
    '',
    ...facts.data.map((line) => `- ${line}`),
    '',
    '## How it was judged',
    '',
    ...facts.judged.map((line) => `- ${line}`),
    '',
    '| figure | value |',
    '|---|---|',
    ...Object.entries(facts.metrics).map(([name, value]) => `| ${name} | ${Number(value.toPrecision(4))} |`),
    '',
    '## Limits',
    '',
    ...LIMITS.map((line) => `- ${line}`),
    '',
    '## Made by',
    '',
    `\`${facts.command}\`, seed ${facts.seed}.`,
    '',
  ].join('\n');
}
