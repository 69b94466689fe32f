import type { Notification, NotifiedAlert } from '../../pipeline/contract/notifications.ts';

export const AT = Date.UTC(2026, 0, 5, 14, 15, 22);
export const OPENED_AT = Date.UTC(2026, 0, 5, 14, 3, 22);
export const CONSOLE = 'http://console.example:8080/';

/** An alert like those that rules make; give what matters. */
export const notifiedAlert = (some: Partial<NotifiedAlert> = {}): NotifiedAlert => ({
  ts: some.opened_at ?? OPENED_AT,
  gpu_uuid: 'GPU-1111',
  node: 'gpu-017',
  instance: '',
  id: 'a1',
  rule: 'thermal',
  severity: 'critical',
  state: 'open',
  summary: 'GPU-1111 on gpu-017 is at 96 C, 9 C over its limit, since 14:03.',
  action_text: 'Drain the node and look at its fans.',
  action: 'drain_and_reset',
  category: 'thermal',
  source: 'anomalies',
  source_id: 'an1',
  model: 'NVIDIA H100 80GB HBM3',
  cluster: 'c1',
  rack: 'r12',
  owner: 'ml',
  tenant: 't1',
  job: 'train/pod-7',
  opened_at: OPENED_AT,
  closed_at: null,
  link: `${CONSOLE}gpus/GPU-1111`,
  acknowledged_by: '',
  ...some,
});

/** A message about one critical alert of one node; give what matters. */
export const notificationOf = (some: Partial<Notification> = {}): Notification => ({
  id: 'n1',
  group_key: 'node=gpu-017',
  group: { node: 'gpu-017' },
  reason: 'opened',
  status: 'firing',
  severity: 'critical',
  title: 'GPU-1111 on gpu-017 is too hot',
  alerts: [notifiedAlert()],
  more: 0,
  link: `${CONSOLE}alerts?node=gpu-017`,
  at: AT,
  simulated: false,
  ...some,
});

/** What telemetry of somebody malicious would put into names and sentences. */
export const HOSTILE = `<script>alert(1)</script> & <!channel> *bold*\r\nBcc: everyone@evil.example\u202e\u0000 "q" 'q' \ud800`;
