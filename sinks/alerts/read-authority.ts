import { readFileSync } from 'node:fs';
import { ChannelFailure } from '../../pipeline/contract/notifications.ts';

/** Authorities to trust instead of the system's, from a PEM file as it is now; nothing where none is named. Throws ChannelFailure. */
export function readAuthority(ca_file: string | undefined): { ca?: string } {
  if (ca_file === undefined) return {};
  try {
    return { ca: readFileSync(ca_file, 'utf8') };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new ChannelFailure(`file ${ca_file} cannot be read: ${code}`, { retryable: true });
  }
}
