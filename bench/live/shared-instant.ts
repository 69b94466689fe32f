/** Milliseconds with fractions since the machine began: the same for all processes of a bench, unlike a process' own clock. */
export const sharedInstant = (): number => Number(process.hrtime.bigint()) / 1e6;
