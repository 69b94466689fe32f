import type { Alert } from '../../pipeline/contract/alerts.ts';
import type { Asset } from '../../pipeline/contract/events.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { FLEET, GroupState } from '../core/group-state.ts';
import { finishFleet, pickForFleet, runFleet, waitForFleet } from '../core/run-fleet.ts';
import { runItems } from '../core/run-items.ts';
import { type BoardAlertsOptions, type BoardAlertsPorts, boardAlerts, type HandedAlert } from './board-alerts.ts';
import { type FleetAlertsOptions, fleetAlerts } from './fleet-alerts.ts';
import { newsOf, type StoredFindings, type StoredNews } from './stored-news.ts';

export interface ReplayAlertsOptions {
  readonly board: BoardAlertsOptions;
  readonly fleet: FleetAlertsOptions;
  /** How long an episode stays silent before its end is told. */
  readonly episode_quiet: DurationMs;
  /** Event time, epoch ms, at which the replay stops. */
  readonly until: number;
  /** Lets others have their turn; asked for after every few hundred items. */
  readonly turn: () => Promise<void>;
}

/** Anomalies of these are found over the fleet: no group hears of them. */
const FLEET_DETECTORS: ReadonlySet<string> = new Set([
  'silent_nodes',
  'job_peers',
  'isolation_forest',
  'autoencoder',
  'dbscan',
]);
const BOARD = 'board_alerts';
const WIDE = 'fleet_alerts';
const BETWEEN_TURNS = 500;

/**
 * The alerts that rules make of stored rows, by the same operators that run on the stream, timers included: each as it was
 * told last, its `opened_at` as it was told first. All GPUs are one group, so that the whole takes one pass; who uses a GPU
 * is told by episodes only, since feature vectors are not replayed.
 *
 * Cost     about 10 us per row, and one look per 30 s of event time.
 */
export async function replayAlerts(
  found: StoredFindings,
  assets: readonly Asset[],
  options: ReplayAlertsOptions,
): Promise<Alert[]> {
  const news = newsOf(found, options.episode_quiet).filter(({ at }) => at <= options.until);
  const began = news[0]?.at;
  if (began === undefined) return [];
  const board = boardAlerts(options.board);
  const wide = fleetAlerts(options.fleet);
  const group = new GroupState(0);
  const fleet = new GroupState(FLEET);
  const alerts = new Map<string, Alert>();
  const note = (alert: Alert): void => void alerts.set(alert.id, alert);
  let now = began;
  const wait = (input: string, item: unknown): void => {
    const entry = pickForFleet(wide, input, item, now - wide.delay);
    if (entry !== null) waitForFleet(WIDE, fleet, entry);
  };
  const told = (_row: number, port: keyof BoardAlertsPorts, item: Alert | HandedAlert): void => {
    if (port !== 'alerts') {
      wait(port, item);
      return;
    }
    note(item as Alert);
    wait('told', item);
  };
  const toldWide = (_port: 'alerts', alert: Alert): void => note(alert);
  const every = board.timer?.every ?? options.until;
  let fired = Math.floor(began / every) * every;
  const passTo = (at: number): void => {
    for (; fired + every <= at; ) {
      fired += every;
      now = fired;
      runItems(BOARD, board, group, [{ row: 0, now: fired }], told);
      runFleet(WIDE, wide, fleet, { began, now }, toldWide);
    }
    now = at;
  };

  const identities = new Map(assets.map((asset) => [asset.gpu_uuid, asset]));
  const placed = new Set<string>();
  const place = ({ gpu_uuid, node, ...rest }: StoredNews['item']): void => {
    const instance = 'instance' in rest ? rest.instance : '';
    const index = group.registry.node(node);
    if (gpu_uuid === '') return;
    const { model = '', slot = '', pci_bus_id = '', serial = '' } = identities.get(gpu_uuid) ?? {};
    group.registry.gpu({ uuid: gpu_uuid, instance, model, slot, pci_bus_id, serial }, index);
  };
  const inventory = (asset: Asset): void => {
    if (placed.has(asset.gpu_uuid)) return;
    placed.add(asset.gpu_uuid);
    runItems(BOARD, board, group, [{ row: 0, input: 'assets', item: asset }], told);
    wait('assets', { ...asset, ts: began });
  };
  const nodes = new Set(news.map(({ item }) => item.node));
  const uuids = new Set(news.map(({ item }) => item.gpu_uuid));
  for (const { item } of news) place(item);
  for (const asset of assets) if (uuids.has(asset.gpu_uuid) || nodes.has(asset.node)) inventory(asset);

  for (const [i, { at, input, item }] of news.entries()) {
    if (i % BETWEEN_TURNS === 0) await options.turn();
    passTo(at);
    const ofFleet = input === 'incidents' || input === 'anomalies';
    const ofBoard = input !== 'incidents' && !('detector' in item && FLEET_DETECTORS.has(item.detector));
    if (ofBoard) runItems(BOARD, board, group, [{ row: 0, input, item }], told);
    if (ofFleet && (input === 'incidents' || isWide(item))) wait(input, item);
    runFleet(WIDE, wide, fleet, { began, now }, toldWide);
  }
  passTo(options.until);
  finishFleet(WIDE, wide, fleet, options.until, toldWide);
  return [...alerts.values()];
}

const isWide = (item: StoredNews['item']): boolean =>
  'detector' in item && (FLEET_DETECTORS.has(item.detector) || item.detector === 'absence');
