import type { ErrorCode } from '../contract/error-catalogue.ts';
import type { Runbook } from './runbook.ts';

type ModelCode = Extract<ErrorCode, `GV-MDL-${string}`>;

const LIST = '`gpu-vitals models list` shows versions and aliases.';
const GOES_ON =
  'The model that was in use stays in use; without any, health and anomalies go on and predictions are missing.';
const HISTORY = '`gpu-vitals labels suggest` shows failures that the history may hold, to be confirmed by people.';

/** Model files, the registry, training. */
export const MODEL_RUNBOOKS: Readonly<Record<ModelCode, Runbook>> = {
  'GV-MDL-001': {
    shows: 'The command ends and registers nothing.',
    check: ['`file MODEL` and its first bytes: a pickle or a text dump is no model file.'],
    afterwards: ['In Python: `booster.save_model("model.ubj")`.'],
  },
  'GV-MDL-002': {
    shows: 'The command ends and names what it met.',
    check: ['The training parameters `booster`, `objective` and `multi_strategy`.'],
    afterwards: [],
  },
  'GV-MDL-003': {
    shows: 'The command ends and names the line and the column.',
    check: ['The header of the CSV against the names in the model; deploy/reference/features.md has ours.'],
    afterwards: [],
  },
  'GV-MDL-101': { shows: 'The command ends, or HTTP 404.', check: [LIST], afterwards: [] },
  'GV-MDL-102': {
    shows: 'A warning of the engine; `gpu-vitals models list` marks the version.',
    check: [LIST, '`gpu-vitals doctor`: the stream that holds the models, and `data disk`.'],
    afterwards: [GOES_ON, '`gpu-vitals models rollback` points the alias to the version before.'],
  },
  'GV-MDL-103': { shows: 'The command ends, or HTTP 400; nothing is registered.', check: [LIST], afterwards: [] },
  'GV-MDL-104': {
    shows: 'The command ends, or HTTP 409.',
    check: [LIST],
    afterwards: [],
  },
  'GV-MDL-105': {
    shows: 'The command ends, or a warning of the engine.',
    check: ['`gpu-vitals doctor`: everything under `nats`, and `data disk`.'],
    afterwards: [GOES_ON],
  },
  'GV-MDL-106': {
    shows: 'A warning after `gpu-vitals models train`.',
    check: ['`curl -i "$MLFLOW_TRACKING_URI/health"`'],
    afterwards: ['The run is not sent again by itself: train once more when the record in MLflow is needed.'],
  },
  'GV-MDL-201': {
    shows: 'Training ends; the message names the rows.',
    check: ['The rows named.'],
    afterwards: [GOES_ON],
  },
  'GV-MDL-202': {
    shows: 'The command ends with exit code 2.',
    check: ['The names of the parameters.'],
    afterwards: [],
  },
  'GV-MDL-301': {
    shows: 'Training ends; the message names the feature and how well it alone tells the label.',
    check: ['Whether that value is written after the failure, such as a repair date or a return code.'],
    afterwards: ['Never switch this check off to get a better score: such a model is worth nothing in life.'],
  },
  'GV-MDL-302': {
    shows: 'A warning of the engine after an upgrade.',
    check: [LIST, 'The version of each feature: deploy/reference/features.md.'],
    afterwards: ['`gpu-vitals models train`, then `gpu-vitals models promote` what it made.', GOES_ON],
  },
  'GV-MDL-303': { shows: 'Training ends and says how much there is.', check: [HISTORY], afterwards: [GOES_ON] },
  'GV-MDL-304': { shows: 'The command ends, or a warning of the engine.', check: [LIST], afterwards: [GOES_ON] },
  'GV-MDL-401': {
    shows: 'Training ends and names the column.',
    check: ['A column that is the same for all rows, or that splits failures from the others without any error.'],
    afterwards: [GOES_ON],
  },
  'GV-MDL-402': { shows: 'The command ends, or a warning of the engine.', check: [LIST], afterwards: [GOES_ON] },
};
