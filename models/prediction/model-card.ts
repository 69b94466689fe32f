import type { PredictionBundle } from './bundle.ts';
import { networkInWords } from './network-in-words.ts';

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

const HEADLINES: Readonly<Record<PredictionBundle['trained_on'], string>> = {
  simulated:
    '**Trained on simulated fleets.** Its figures say how well it knows the simulation; how well it foresees failures of real GPUs nobody has measured.',
  mixed:
    '**Trained in part on simulated fleets:** its recurrent network, as told under Data. Everything else was trained on the history of this fleet and the failures that people confirmed, and its figures are of this fleet.',
  real: 'Trained on the history of this fleet and the failures that people confirmed.',
};

/** What a person must know before they trust a model: Markdown, kept beside it. After Mitchell et al. 2019, "Model cards". */
export function modelCard(bundle: PredictionBundle, facts: CardFacts): string {
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
    HEADLINES[bundle.trained_on],
    '',
    `Foresees GPU failures within 7, 30 and 90 days from ${bundle.features.length} features: ${parts.join(', ')}, combined and calibrated on later data of other GPUs.`,
    '',
    '## Data',
    '',
    ...facts.data.map((line) => `- ${line}`),
    ...(bundle.lstm === null ? [] : [`- The recurrent network: ${networkInWords(bundle.lstm)}.`]),
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
