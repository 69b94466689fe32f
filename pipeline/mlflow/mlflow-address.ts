import { VitalsError } from '../contract/errors.ts';

/** Where an MLflow tracking server is and how to be let in. */
export interface MlflowAddress {
  /** Without credentials and without a slash at its end, so that it can be shown. */
  readonly url: string;
  /** Value of the Authorization header; never to be shown. */
  readonly authorization: string | null;
  /** PEM file of the authorities to trust instead of the machine's. */
  readonly ca_file: string | null;
  /** False: any certificate is taken. */
  readonly verify_tls: boolean;
}

/**
 * Reads MLFLOW_TRACKING_URI, _USERNAME and _PASSWORD, _TOKEN, _SERVER_CERT_PATH and _INSECURE_TLS as MLflow's own client
 * does: user and password come before a token. Null when there is no URI. Throws VitalsError GV-MDL-106 when it is no http
 * or https address; stores in files and databases are reached through `mlflow server`.
 */
export function mlflowAddress(env: Readonly<Record<string, string | undefined>>): MlflowAddress | null {
  const text = env.MLFLOW_TRACKING_URI?.trim() ?? '';
  if (text === '') return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new VitalsError('GV-MDL-106', 'the address is not http:// or https://', 'MLFLOW_TRACKING_URI', {
      action: 'Start `mlflow server` on that store and give its address.',
    });
  }
  const user = env.MLFLOW_TRACKING_USERNAME || decodeURIComponent(url.username);
  const password = env.MLFLOW_TRACKING_PASSWORD || decodeURIComponent(url.password);
  const token = env.MLFLOW_TRACKING_TOKEN ?? '';
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  let authorization: string | null = null;
  if (user !== '' && password !== '') {
    authorization = `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
  } else if (token !== '') authorization = `Bearer ${token}`;
  return {
    url: url.href.replace(/\/+$/, ''),
    authorization,
    ca_file: env.MLFLOW_TRACKING_SERVER_CERT_PATH || null,
    verify_tls: !/^(true|1)$/i.test(env.MLFLOW_TRACKING_INSECURE_TLS ?? ''),
  };
}
