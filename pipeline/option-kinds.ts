import { z } from 'zod';
import { type DurationMs, formatDuration, milliseconds, parseDuration } from './contract/time.ts';

/** Kinds of options, each with its default and its help: as they stand in the file, and as text outside it. */

export const text = (fallback: string, help: string) => z.string().default(fallback).describe(help);

export const flag = (fallback: boolean, help: string) =>
  z
    .union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')])
    .default(fallback)
    .describe(help);

export const number = (fallback: number, range: { min: number; max: number; whole?: boolean }, help: string) =>
  z
    .union([
      z.number(),
      z
        .string()
        .regex(/^-?\d+(\.\d+)?$/, 'not a number')
        .transform(Number),
    ])
    .refine((value) => value >= range.min && value <= range.max, { error: `must lie in ${range.min}..${range.max}` })
    .refine((value) => range.whole !== true || Number.isInteger(value), { error: 'must be a whole number' })
    .default(fallback)
    .describe(help);

export const duration = (fallback: string, range: { min: string; max: string }, help: string) => {
  const bound = (value: string): number => parseDuration(value) ?? 0;
  return z
    .string({ error: 'must be a duration such as 500ms 10s 5m 2h 7d' })
    .transform((value, context): DurationMs => {
      const parsed = parseDuration(value);
      if (parsed !== null && parsed >= bound(range.min) && parsed <= bound(range.max)) return parsed;
      context.addIssue({
        code: 'custom',
        message:
          parsed === null
            ? 'must be a duration such as 500ms 10s 5m 2h 7d'
            : `must lie in ${range.min}..${range.max}, is ${formatDuration(parsed)}`,
      });
      return milliseconds(0);
    })
    .prefault(fallback)
    .meta({ description: help, unit: 'duration' });
};

/** `host:port` or `[v6]:port`; port 0 is any free one. */
const ADDRESS = /^(?:\[[0-9a-fA-F:]+\]|[^:\s]+):(\d{1,5})$/;
const PORT_MAX = 65_535;
const isAddress = (value: string): boolean => Number(ADDRESS.exec(value)?.[1] ?? Number.NaN) <= PORT_MAX;
const WRONG_ADDRESS = `must be host:port with a port of 0..${PORT_MAX}`;

export const address = (fallback: string, help: string) =>
  z.string().refine(isAddress, { error: WRONG_ADDRESS }).default(fallback).describe(help);

export const optionalAddress = (help: string) =>
  z
    .string()
    .refine((value) => value === '' || isAddress(value), { error: `${WRONG_ADDRESS}, or nothing` })
    .default('')
    .describe(help);

export const webAddress = (fallback: string, protocols: readonly string[], help: string) =>
  text(fallback, help).refine(
    (value) => value === '' || (URL.canParse(value) && protocols.includes(new URL(value).protocol)),
    { error: `must be an address of ${protocols.map((one) => `${one}//`).join(' or ')}` },
  );

export const list = (help: string) =>
  z
    .union([z.array(z.string()), z.string().transform((value) => value.split(',').map((part) => part.trim()))])
    .transform((values) => values.filter((value) => value !== ''))
    .default([])
    .describe(help);

/** In the file as it is, as JSON in the environment and on the command line. */
export const jsonOr = <T>(empty: T) =>
  z.transform((value: unknown, context) => {
    if (typeof value !== 'string') return value;
    try {
      return value.trim() === '' ? empty : (JSON.parse(value) as unknown);
    } catch {
      context.issues.push({ code: 'custom', message: 'is not JSON', input: value });
      return z.NEVER;
    }
  });
