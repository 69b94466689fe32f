import type { Command } from 'commander';
import { addModelsEvaluate } from './models-history-commands.ts';
import { addModelsRegistry } from './models-registry-commands.ts';
import { addModelsImport, addModelsScore } from './models-score.ts';
import { addModelsTrain } from './models-train.ts';

/** `models ...`: the life of models. */
export function addModelsCommand(program: Command): void {
  const group = program.command('models').description('model life cycle');
  addModelsScore(group);
  addModelsImport(group);
  addModelsRegistry(group);
  addModelsTrain(group);
  addModelsEvaluate(group);
}
