import type { Incident, RecoveryAction, Severity } from '../../pipeline/contract/events.ts';
import { type FleetMap, gpusOfDomain, gpusOfNode, isRackWide, nvlinkDomainOf, rackOf } from './fleet-map.ts';
import { ACTION_TEXT, graver, instantText, SEVERITY_RANK, spanText } from './in-words.ts';
import { type Member, ofPlant } from './incident-member.ts';
import { graverAction } from './recovery-action.ts';

/** Where several episodes most likely come from. */
export interface Origin {
  readonly scope: Incident['scope'];
  readonly origin: string;
  /** The GPU, and the node, of the origin; empty where it is wider. */
  readonly gpu_uuid: string;
  readonly node: string;
  readonly category: string;
  readonly severity: Severity;
  readonly action: RecoveryAction;
  readonly evidence: readonly string[];
  readonly summary: string;
}

/** GPUs of one NVLink domain with fabric errors that make it the domain's: one link has two ends. */
const FABRIC_GPUS_MIN = 3;
/** Share of a node's GPUs, and at least how many, that make it the node's. */
const NODE_SHARE_MIN = 0.5;
const NODE_GPUS_MIN = 2;
const RACK_NODES_MIN = 2;
const JOB_GPUS_MIN = 2;

/**
 * The likely origin of episodes that began together: NVLink domain, rack, node or job where enough of it shows the same kind
 * of trouble, else the gravest GPU. Pure; O(members), and O(nodes) where a domain is a rack.
 */
export function likelyOrigin(members: readonly Member[], map: FleetMap): Origin {
  const fabric = fullest(
    members.filter((one) => one.fabric),
    (one) => nvlinkDomainOf(map, one.node).key,
  );
  const lost = fullest(
    members.filter((one) => one.lost),
    (one) => rackOf(map, one.node)?.key ?? '',
  );
  const host = fullest(
    members.filter((one) => one.host),
    (one) => one.node,
  );
  const plant = fullest(members.filter(ofPlant), (one) => `${one.category} ${one.node}`);
  const faults = members.filter(({ category, job }) => category === 'application' && job !== '');
  const program = fullest(faults, (one) => one.job);
  if (gpusOf(fabric).length >= FABRIC_GPUS_MIN && gpusOf(fabric).length >= gpusOf(lost).length) {
    return ofDomain(members, fabric, map);
  }
  const rack = lost[0] === undefined ? null : rackOf(map, lost[0].node);
  if (rack !== null && nodesOf(lost).length >= RACK_NODES_MIN) return ofRack(members, lost, rack.name);
  if (host[0] !== undefined && blamesNode(host, map)) return ofNode(members, host, map);
  if (plant[0] !== undefined && blamesNode(plant, map)) return ofPlantOf(members, plant, map);
  if (gpusOf(program).length >= JOB_GPUS_MIN && program.length * 2 >= members.length) return ofJob(members, program);
  return ofGpu(members, map);
}

/** UUIDs of members, each once, in their order. */
export const gpusOf = (members: readonly Member[]): string[] => [
  ...new Set(members.map((one) => one.gpu_uuid).filter((uuid) => uuid !== '')),
];
export const nodesOf = (members: readonly Member[]): string[] => [...new Set(members.map((one) => one.node))];

/** The largest of the classes that `key` makes, of equals the first. */
function fullest(members: readonly Member[], key: (member: Member) => string): readonly Member[] {
  const classes = new Map<string, Member[]>();
  for (const one of members) {
    const list = classes.get(key(one));
    if (list === undefined) classes.set(key(one), [one]);
    else list.push(one);
  }
  return [...classes.values()].reduce<Member[]>((best, list) => (list.length > best.length ? list : best), []);
}

function blamesNode(host: readonly Member[], map: FleetMap): boolean {
  if (host.some(({ gpu_uuid }) => gpu_uuid === '')) return true;
  const gpus = gpusOf(host).length;
  const size = Math.max(gpus, gpusOfNode(map, (host[0] as Member).node));
  return gpus >= NODE_GPUS_MIN && gpus >= size * NODE_SHARE_MIN;
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
const share = (n: number, of: number): string => `${n} of ${Math.max(n, of)} GPUs`;

/** Which signs on how many GPUs, the most frequent first, and how close together. */
function signsText(members: readonly Member[]): string {
  const counts = new Map<string, number>();
  for (const { signs } of members) for (const sign of signs) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  const told = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 6);
  const { first, last } = spanOf(members);
  const within = last > first ? `within ${spanText(last - first)}` : 'at once';
  return `${told.map(([sign, n]) => `${sign} on ${sign === 'node_silent' ? counted(n, 'node') : counted(n, 'GPU')}`).join(', ')}, ${within} from ${instantText(first)} on.`;
}

function spanOf(members: readonly Member[]): { first: number; last: number } {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { started_at } of members) {
    first = Math.min(first, started_at);
    last = Math.max(last, started_at);
  }
  return { first, last };
}

const worstAction = (members: readonly Member[], least: RecoveryAction): RecoveryAction =>
  members.reduce((worst, { action }) => (action === 'replace_gpu' ? worst : graverAction(worst, action)), least);

function ofDomain(members: readonly Member[], fabric: readonly Member[], map: FleetMap): Origin {
  const { node } = fabric[0] as Member;
  const { name } = nvlinkDomainOf(map, node);
  const gpus = gpusOf(fabric).length;
  const within = share(gpus, gpusOfDomain(map, node));
  const gone = members.filter((one) => one.lost && one.gpu_uuid !== '');
  const single = gpusOf(gone).length === 1 ? gone[0] : undefined;
  const action = worstAction(fabric, 'drain_and_reset');
  const wide = nodesOf(fabric).length > 1 || isRackWide(map, node);
  return {
    scope: 'nvlink_domain',
    origin: name,
    gpu_uuid: single?.gpu_uuid ?? '',
    node: single?.node ?? (wide ? '' : node),
    category: 'fabric',
    severity: 'critical',
    action,
    evidence: [
      signsText(members),
      `${within} of NVLink domain ${name} show link errors, on ${counted(nodesOf(fabric).length, 'node')}: a failing link shows on its two ends only.`,
      ...(single === undefined
        ? []
        : [`${single.gpu_uuid} was lost meanwhile, and a lost GPU breaks the links of its peers.`]),
    ],
    summary: `${within} of NVLink domain ${name} show link errors: a switch, or what the domain shares, is the likely origin. ${ACTION_TEXT[action]}, after a look at the switches.`,
  };
}

function ofRack(members: readonly Member[], lost: readonly Member[], rack: string): Origin {
  const nodes = nodesOf(lost);
  const gpus = gpusOf(lost).length;
  const told = gpus > 0 ? `${gpus} GPUs on ${nodes.length} nodes` : `${nodes.length} nodes`;
  return {
    scope: 'rack',
    origin: rack,
    gpu_uuid: '',
    node: '',
    category: 'unknown',
    severity: 'critical',
    action: 'none',
    evidence: [
      signsText(members),
      `Nodes of one rack: ${nodes.slice(0, 8).join(', ')}${nodes.length > 8 ? ' and more' : ''}.`,
    ],
    summary: `${told} of rack ${rack} were lost: what the rack shares is the likely origin. Look at its power, cooling and network before touching a GPU.`,
  };
}

function ofNode(members: readonly Member[], host: readonly Member[], map: FleetMap): Origin {
  const { node } = host[0] as Member;
  const silent = host.some(({ gpu_uuid }) => gpu_uuid === '');
  const within = share(gpusOf(host).length, gpusOfNode(map, node));
  const told = silent
    ? `Node ${node} has fallen silent`
    : `${within} of node ${node} show driver or bus errors or are lost`;
  const action = silent ? 'none' : 'reboot_node';
  const advice = silent ? 'Find out whether the host or only its exporter is gone' : ACTION_TEXT[action];
  return {
    scope: 'node',
    origin: node,
    gpu_uuid: '',
    node,
    category: (fullest(host, (one) => one.category)[0] as Member).category,
    severity: host.reduce<Severity>((worst, one) => graver(worst, one.severity), silent ? 'warning' : 'critical'),
    action,
    evidence: [signsText(members), `${told}; one GPU's fault does not spread over its host.`],
    summary: `${told}: the host is the likely origin. ${advice}.`,
  };
}

/** What a category of the plant is in words, and where to look. */
const PLANT: Readonly<Record<string, { readonly show: string; readonly origin: string; readonly look: string }>> = {
  thermal: { show: 'run too hot', origin: 'cooling', look: 'Look at its fans, inlet air or coolant before its GPUs' },
  power: {
    show: 'are held back by their power supply',
    origin: 'power',
    look: 'Look at its power supplies and the power budget of its rack',
  },
};

function ofPlantOf(members: readonly Member[], plant: readonly Member[], map: FleetMap): Origin {
  const { node, category } = plant[0] as Member;
  const { show, origin, look } = PLANT[category] as (typeof PLANT)[string];
  const told = `${share(gpusOf(plant).length, gpusOfNode(map, node))} of node ${node} ${show}`;
  return {
    scope: 'node',
    origin: node,
    gpu_uuid: '',
    node,
    category,
    severity: plant.reduce<Severity>((worst, one) => graver(worst, one.severity), 'warning'),
    action: 'none',
    evidence: [signsText(members), `${told}; one GPU's fault does not spread over its host.`],
    summary: `${told}: the ${origin} that they share is the likely origin. ${look}.`,
  };
}

function ofJob(members: readonly Member[], program: readonly Member[]): Origin {
  const { job } = program[0] as Member;
  const gpus = gpusOf(program).length;
  return {
    scope: 'job',
    origin: job,
    gpu_uuid: '',
    node: nodesOf(program).length === 1 ? (program[0] as Member).node : '',
    category: 'application',
    severity: 'warning',
    action: 'restart_application',
    evidence: [
      signsText(members),
      `All ${gpus} GPUs run job ${job}, on ${counted(nodesOf(program).length, 'node')}; so many do not fail at once.`,
    ],
    summary: `${gpus} GPUs of job ${job} show faults that a program causes: the job is the likely origin. ${ACTION_TEXT.restart_application}.`,
  };
}

/** Where to look when a story worth an incident has no action. */
const LOOK: Readonly<Record<string, string>> = {
  thermal: 'Look at its cooling first',
  power: 'Look at its power supply first',
  sensor: 'Look at its exporter first',
};

const adviceOf = ({ action, order, severity, category }: Member): string =>
  action !== 'none' || severity === 'info'
    ? (order ?? ACTION_TEXT[action])
    : (LOOK[category] ?? 'Look at it before it gets work');

function ofGpu(members: readonly Member[], map: FleetMap): Origin {
  const rank = (one: Member): number => SEVERITY_RANK[one.severity];
  const worst = members.reduce((best, one) => (rank(one) > rank(best) ? one : best));
  const others = gpusOf(members).length - 1;
  const beside = share(others + 1, gpusOfNode(map, worst.node));
  const alone =
    others > 0
      ? `${beside} of its host are in it: too few to blame what they share.`
      : 'No story of another GPU began beside it.';
  const what = worst.gpu_uuid === '' ? `Node ${worst.node}` : `${worst.gpu_uuid} on node ${worst.node}`;
  return {
    scope: worst.gpu_uuid === '' ? 'node' : 'gpu',
    origin: worst.gpu_uuid || worst.node,
    gpu_uuid: worst.gpu_uuid,
    node: worst.node,
    category: worst.category,
    severity: worst.severity,
    action: worst.action,
    evidence: [signsText(members), alone],
    summary: `${what}: ${worst.signs.join(', ')} (${worst.category}). ${adviceOf(worst)}.`,
  };
}
