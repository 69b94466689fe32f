import { readFileSync } from 'node:fs';

/** Version of this package; the file lies two folders up in the sources and three in the build. */
export const VERSION: string = (() => {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (name === 'gpu-vitals' && version) return version;
    } catch {
      // The other place has it.
    }
  }
  return 'unknown';
})();
