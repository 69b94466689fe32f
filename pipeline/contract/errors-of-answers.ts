import type { ErrorSpec } from './error-spec.ts';

/** The part of the catalogue about what goes out: models, API, live, alerts, and who may ask. */
export const ERRORS_OF_ANSWERS = {
  'GV-MDL-101': {
    meaning: 'There is no such model version or alias.',
    action: 'See `gpu-vitals models list`.',
  },
  'GV-MDL-102': {
    meaning: 'Something in the model registry is damaged.',
    action: 'Roll back to another version, or register the bundle again.',
  },
  'GV-MDL-103': {
    meaning: 'A model bundle, its description or an alias is refused.',
    action: 'Mend what the message names.',
  },
  'GV-MDL-104': {
    meaning: 'An alias has no version to roll back to.',
    action: 'Point it to a version with `gpu-vitals models promote`.',
  },
  'GV-MDL-105': {
    meaning: 'The model registry cannot be read or written.',
    action: 'Check path, space and permissions of its folder.',
  },
  'GV-MDL-106': {
    meaning: 'MLflow did not take a training run.',
    action: 'Check MLFLOW_TRACKING_URI and its credentials; the model itself is registered here all the same.',
  },
  'GV-MDL-201': {
    meaning: 'Rows cannot be learned from.',
    action: 'Mend the rows that the message names and train again.',
  },
  'GV-MDL-202': {
    meaning: 'Parameters of a training run are not valid.',
    action: "Use the names and ranges of XGBoost's own parameters.",
  },
  'GV-MDL-001': {
    meaning: 'A model file cannot be read.',
    action: 'Give an XGBoost model as `save_model` wrote it, .json or .ubj, unchanged.',
  },
  'GV-MDL-002': {
    meaning: 'A model uses something that is not supported.',
    action: 'Train it with the booster gbtree or dart, one output per tree and an objective of XGBoost.',
  },
  'GV-MDL-003': {
    meaning: 'Rows do not fit the model.',
    action: 'Give a CSV whose header names the features of the model and whose cells are numbers or empty.',
  },
  'GV-API-001': { meaning: 'The request is not valid.', action: 'Mend the parameters named; see /docs.' },
  'GV-API-002': { meaning: 'There is no such thing.', action: 'Check the identifier.' },
  'GV-API-003': { meaning: 'A part needed for the answer is not available.', action: 'Try again; see /readyz.' },
  'GV-API-004': { meaning: 'The request failed.', action: 'Read the log at this time.' },
  'GV-API-005': { meaning: 'The method is not allowed here.', action: 'See /docs.' },
  'GV-API-006': { meaning: 'It cannot be done as things stand.', action: 'Read what is there now, then try again.' },
  'GV-API-007': {
    meaning: 'What was to be changed is no longer what was read.',
    action: 'Read it again, and send If-Match with its new ETag.',
  },
  'GV-LIV-001': { meaning: 'A live message cannot be read.', action: 'Send a JSON object as INTERFACE describes.' },
  'GV-LIV-002': { meaning: 'There is no such topic.', action: 'Use fleet, node/N, gpu/U, anomalies or alerts.' },
  'GV-LIV-003': {
    meaning: 'A socket asks for too much.',
    action: 'Use fewer topics per socket, or fewer messages per second.',
  },
  'GV-MDL-301': {
    meaning: 'A training set knows the future.',
    action: 'Look for values that were computed or written after their instant, and leave them out.',
  },
  'GV-MDL-302': {
    meaning: 'A model and the features of this release do not fit.',
    action: 'Train it anew with this release.',
  },
  'GV-MDL-303': {
    meaning: 'There is too little to learn from.',
    action: 'Wait for more history, or confirm failures that are suggested (failure-labels).',
  },
  'GV-MDL-304': {
    meaning: 'A model bundle cannot be read.',
    action: 'Export or train it again with this release.',
  },
  'GV-MDL-401': {
    meaning: 'No survival model can be fitted to the data.',
    action: 'Mend what the message names, or leave the column out.',
  },
  'GV-MDL-402': {
    meaning: 'A survival model cannot be read, or lacks what is asked of it.',
    action: 'Fit it again with this release.',
  },
  'GV-ALT-001': {
    meaning: 'An alert channel cannot be used as it is configured.',
    action: 'Mend alert-channels; `gpu-vitals alerts channels` shows what is configured.',
  },
  'GV-ALT-002': {
    meaning: 'An alert channel did not take a message.',
    action: 'Read what the other side answered, mend it, and see `gpu-vitals alerts test`.',
  },
  'GV-ALT-003': {
    meaning: 'A message to people was given up.',
    action: 'Mend the channel, then `gpu-vitals dead-letters retry --reason undelivered`.',
  },
  'GV-ALT-004': {
    meaning: 'An alert channel does not work; its messages wait.',
    action: 'Look at the other side; `gpu-vitals alerts test` tries it.',
  },
  'GV-ALT-005': {
    meaning: 'Messages cannot be sent again.',
    action: 'Start the program that delivers alerts, with this channel configured, and retry.',
  },
  'GV-ALT-006': {
    meaning: 'What the alert desk remembered cannot be read.',
    action: 'Open alerts are told once more; see who else writes to NATS, and whether another release had run.',
  },
  'GV-SEC-001': {
    meaning: 'A call has no key, or none that is good.',
    action: 'Send `Authorization: Bearer KEY`; `gpu-vitals keys create` makes one.',
  },
  'GV-SEC-002': {
    meaning: 'A key may not do this.',
    action: 'Use a key with the role or scope that the message names.',
  },
  'GV-SEC-003': { meaning: 'Calls come too fast.', action: 'Wait as long as Retry-After says.' },
  'GV-SEC-004': { meaning: 'This concerns more than one tenant.', action: 'Use a key without a tenant.' },
  'GV-SEC-005': { meaning: 'There is no such key.', action: 'See `gpu-vitals keys list`.' },
  'GV-SEC-006': {
    meaning: 'Certificates or single sign-on cannot be used as configured.',
    action: 'Mend the option that the message names.',
  },
  'GV-SEC-007': {
    meaning: "An address of the machine's own link is refused.",
    action: 'Give an address that is neither link-local nor of a metadata service, or set allow-link-local.',
  },
} as const satisfies Record<string, ErrorSpec>;
