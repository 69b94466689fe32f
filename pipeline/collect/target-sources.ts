import type { CollectorOptions } from './collector-options.ts';
import { Access } from './scraper-access.ts';
import type { Target } from './targets.ts';
import { type DnsTarget, resolveTargets } from './targets-dns.ts';
import { type TargetSource, watchTargetFiles } from './targets-file.ts';
import { pollTargetUrl } from './targets-http.ts';

/** Follows every list of targets that is configured, and the names among the fixed ones. Throws as pollTargetUrl. */
export function followTargets(
  options: CollectorOptions,
  names: readonly DnsTarget[],
  to: {
    /** A source, and all that it lists now. */
    take(source: string, targets: readonly Target[]): void;
    /** What is wrong with a list, or null when it is right again. */
    judge(where: string, detail: string | null): void;
  },
): TargetSource[] {
  const { clock, targets_url: url, targets_files: patterns = [], allow_link_local = false } = options;
  const refresh = options.targets_refresh_ms === undefined ? {} : { refresh_ms: options.targets_refresh_ms };
  const follow = (source: string) => ({
    on_targets: (targets: Target[]): void => to.take(source, targets),
    on_problem: to.judge,
    ...refresh,
  });
  const sources: TargetSource[] = [];
  if (names.length > 0) sources.push(resolveTargets({ names, ...follow('targets-dns') }));
  if (url !== undefined) {
    const access = new Access(options.targets_url_access, clock);
    sources.push(pollTargetUrl({ url, access, allow_link_local, ...follow('targets-url') }));
  }
  if (patterns.length > 0) sources.push(watchTargetFiles({ patterns, ...follow('targets-file') }));
  return sources;
}
