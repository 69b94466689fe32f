import { existsSync } from 'node:fs';
import { VitalsError } from '../pipeline/contract/errors.ts';
import { installPackages } from './apt-packages.ts';
import { findProgram, isProgram } from './services/find-program.ts';

export interface ChromiumOptions {
  readonly env: NodeJS.ProcessEnv;
  /** One line per step, for people. */
  readonly report: (line: string) => void;
}

/** For use without a screen and without talking to anyone but the page. */
export const CHROMIUM_FLAGS: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const DEBIAN_PATH = '/usr/bin/chromium';

/**
 * Full path of a Chromium: the one that CHROMIUM names, one on PATH, else Debian's package, installed now when this is
 * root on a system with apt-get. Throws GV-SVC-001 with the ways to get one.
 */
export async function ensureChromium(options: ChromiumOptions): Promise<string> {
  const { env } = options;
  const given = env.CHROMIUM;
  if (given !== undefined && given !== '') {
    if (isProgram(given)) return given;
    throw missing(`CHROMIUM is ${given}, which is no program`);
  }
  for (const name of NAMES) {
    const found = findProgram(name, env);
    if (found !== null) return found;
  }
  if (isProgram(DEBIAN_PATH)) return DEBIAN_PATH;
  return installed(options);
}

async function installed({ env, report }: ChromiumOptions): Promise<string> {
  const why = await installPackages(['chromium', 'fonts-dejavu-core'], { what: 'chromium', env, report });
  if (why !== null) throw missing(why);
  if (!existsSync(DEBIAN_PATH)) throw missing('apt-get installed it, but not where it is expected');
  return DEBIAN_PATH;
}

const missing = (why: string): VitalsError =>
  new VitalsError('GV-SVC-001', 'No Chromium was found', why, {
    action: 'Install chromium, or let the environment variable CHROMIUM name one.',
  });
