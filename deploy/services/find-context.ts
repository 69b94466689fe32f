import type { Report } from './report.ts';

/** What the search for a program may use, and where it notes what it tried in vain. */
export interface FindContext {
  readonly env: NodeJS.ProcessEnv;
  readonly cache: string;
  /** `linux-x64` and the like: Node's platform and architecture. */
  readonly platform: string;
  readonly report: Report;
  readonly tried: string[];
}
