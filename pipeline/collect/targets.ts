import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { VitalsError } from '../contract/errors.ts';

/** One exporter to scrape. */
export interface Target {
  /** The full URL: what makes two targets the same. */
  readonly key: string;
  /** `http://host:port`, without a trailing slash. */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  /** `host:port`, as access rules match it. */
  readonly address: string;
  /** Node of samples that carry no host label. */
  readonly node: string;
  /** Whether its label `node` says so: then it counts, and not the host that the exporter takes itself for. */
  readonly node_given: boolean;
}

const TARGET_PORT_DEFAULT = 9400;
const PATH_DEFAULT = '/metrics';
const SHOWN_CHARACTERS_MAX = 200;

/**
 * A target from `host`, `host:port`, `[v6]:port` or `http(s)://host:port/path`, and the labels that service discovery gave
 * it: `__address__`, `__scheme__`, `__metrics_path__`, `__param_NAME`, and `node` or `instance` as the node's name.
 * Only http and https, without user, password or fragment. Throws VitalsError GV-COL-005.
 */
export function parseTarget(text: string, labels: Readonly<Record<string, string>> = {}): Target {
  const address = (labels.__address__ ?? text).trim();
  const refuse = (what: string): VitalsError =>
    new VitalsError('GV-COL-005', `${what}: '${shownTarget(address)}'`, 'targets');
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(address);
  const scheme = (labels.__scheme__ ?? 'http').toLowerCase();
  let url: URL;
  try {
    url = new URL(whole ? address : `${scheme}://${isIPv6(address) ? `[${address}]` : address}`);
  } catch {
    throw refuse('not host:port');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refuse('only http and https are scraped');
  if (url.username !== '' || url.password !== '') throw refuse('an address has no user and no password');
  if (url.hostname === '' || url.hash !== '') throw refuse('not host:port');
  if (!whole && (url.pathname !== '/' || url.search !== '')) {
    throw refuse('an address has no path; give __metrics_path__ or a whole URL');
  }
  // URL drops a port that is its scheme's own, so the text is asked whether there was one.
  const named = /:\d+$/.test(whole ? (address.split('/')[2] ?? '') : isIPv6(address) ? '' : address);
  const port =
    url.port !== '' ? url.port : named || whole ? (url.protocol === 'https:' ? '443' : '80') : `${TARGET_PORT_DEFAULT}`;
  if (port === '0') throw refuse('port 0 cannot be scraped');
  const path = labels.__metrics_path__ ?? (url.pathname === '/' ? PATH_DEFAULT : url.pathname);
  if (!path.startsWith('/') || /[\s#]/.test(path)) throw refuse(`'${path}' is no path`);
  const query = new URLSearchParams(url.search);
  for (const [name, value] of Object.entries(labels)) {
    if (name.startsWith('__param_')) query.set(name.slice('__param_'.length), value);
  }
  const host = `${url.hostname}:${port}`;
  const origin = `${url.protocol}//${host}`;
  const withQuery = query.size === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`;
  const bare = url.hostname.replace(/^\[|\]$/g, '');
  return {
    key: origin + withQuery,
    origin,
    path: withQuery,
    address: host,
    node: labels.node || (labels.instance ?? '').replace(/:\d+$/, '') || bare,
    node_given: (labels.node ?? '') !== '',
  };
}

/** What stands before an @ may be a password. */
const shownTarget = (address: string): string => {
  const login = address.lastIndexOf('@');
  return (login < 0 ? address : `***${address.slice(login)}`).slice(0, SHOWN_CHARACTERS_MAX);
};

/** The static list of `--targets`. Throws VitalsError GV-COL-005 at the first bad one. */
export const parseTargetList = (text: string): Target[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one) => parseTarget(one));

const label = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const groups = z.array(
  z.object({ targets: z.array(z.string()), labels: z.record(z.string(), label).nullish() }),
  'a list of {targets, labels} is expected',
);

/**
 * Targets of a Prometheus `file_sd` or `http_sd` document, already parsed from JSON or YAML. A single bad target is left
 * out and told in `problems`; a document of another shape throws VitalsError GV-COL-005.
 */
export function parseTargetGroups(value: unknown, where: string): { targets: Target[]; problems: string[] } {
  const result = groups.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    const place = issue?.path.length ? ` at ${issue.path.join('.')}` : '';
    throw new VitalsError('GV-COL-005', `${issue?.message ?? 'not a list of targets'}${place}`, where);
  }
  const targets: Target[] = [];
  const problems: string[] = [];
  for (const group of result.data) {
    for (const text of group.targets) {
      try {
        targets.push(parseTarget(text, group.labels ?? {}));
      } catch (error) {
        if (!(error instanceof VitalsError)) throw error;
        problems.push(error.message);
      }
    }
  }
  return { targets, problems };
}
