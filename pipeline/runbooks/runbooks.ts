import type { ErrorCode } from '../contract/error-catalogue.ts';
import { INPUT_RUNBOOKS } from './input-runbooks.ts';
import { MODEL_RUNBOOKS } from './model-runbooks.ts';
import { PEOPLE_RUNBOOKS } from './people-runbooks.ts';
import type { Runbook } from './runbook.ts';
import { STORAGE_RUNBOOKS } from './storage-runbooks.ts';

/** A runbook for every code of the catalogue: a code without one does not compile. */
export const RUNBOOKS: Readonly<Record<ErrorCode, Runbook>> = {
  ...STORAGE_RUNBOOKS,
  ...INPUT_RUNBOOKS,
  ...MODEL_RUNBOOKS,
  ...PEOPLE_RUNBOOKS,
};
