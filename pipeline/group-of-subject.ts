import { GROUPS, groupOf } from './contract/ids.ts';

/** `dcgm.raw.<group>.<node>`; publishers that do not know the groups may leave anything in their place. */
export function groupOfSubject(subject: string): number {
  const token = subject.split('.', 3)[2] ?? '';
  return /^\d{2}$/.test(token) && Number(token) < GROUPS ? Number(token) : groupOf(nodeOfSubject(subject));
}

export const nodeOfSubject = (subject: string): string => subject.split('.').slice(3).join('.') || subject;
