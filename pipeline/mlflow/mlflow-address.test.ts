import { describe, expect, it } from 'vitest';
import { mlflowAddress } from './mlflow-address.ts';

const basic = (text: string): string => `Basic ${Buffer.from(text, 'utf8').toString('base64')}`;
const URI = 'http://mlflow:5000';

describe('mlflowAddress', () => {
  it.each([
    [{}, null],
    [{ MLFLOW_TRACKING_URI: ' ' }, null],
  ])('is null for %j', (env, expected) => {
    expect(mlflowAddress(env)).toBe(expected);
  });

  it.each([
    [{ MLFLOW_TRACKING_URI: URI }, URI, null],
    [{ MLFLOW_TRACKING_URI: 'https://host/some/path//' }, 'https://host/some/path', null],
    [{ MLFLOW_TRACKING_URI: URI, MLFLOW_TRACKING_TOKEN: 'tok' }, URI, 'Bearer tok'],
    [
      { MLFLOW_TRACKING_URI: URI, MLFLOW_TRACKING_USERNAME: 'ann', MLFLOW_TRACKING_PASSWORD: 'pä:ss' },
      URI,
      basic('ann:pä:ss'),
    ],
    [
      {
        MLFLOW_TRACKING_URI: URI,
        MLFLOW_TRACKING_USERNAME: 'ann',
        MLFLOW_TRACKING_PASSWORD: 'p',
        MLFLOW_TRACKING_TOKEN: 't',
      },
      URI,
      basic('ann:p'),
    ],
    [{ MLFLOW_TRACKING_URI: URI, MLFLOW_TRACKING_USERNAME: 'ann', MLFLOW_TRACKING_TOKEN: 'tok' }, URI, 'Bearer tok'],
    [{ MLFLOW_TRACKING_URI: 'http://ann:p%40ss@mlflow:5000/?x=1#y' }, URI, basic('ann:p@ss')],
  ])('reads %j', (env, url, authorization) => {
    expect(mlflowAddress(env)).toEqual({ url, authorization, ca_file: null, verify_tls: true });
  });

  it.each(['true', 'TRUE', '1'])('takes any certificate when told so with %s', (text) => {
    const env = {
      MLFLOW_TRACKING_URI: URI,
      MLFLOW_TRACKING_INSECURE_TLS: text,
      MLFLOW_TRACKING_SERVER_CERT_PATH: '/ca',
    };
    expect(mlflowAddress(env)).toMatchObject({ verify_tls: false, ca_file: '/ca' });
  });

  it.each(['sqlite:///mlflow.db', './mlruns', 'databricks', 'file:///tmp/x', 'http://'])('refuses %s', (uri) => {
    expect(() => mlflowAddress({ MLFLOW_TRACKING_URI: uri })).toThrow(expect.objectContaining({ code: 'GV-MDL-106' }));
  });
});
