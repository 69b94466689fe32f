import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { installPackages } from '../../deploy/apt-packages.ts';
import { findProgram } from '../../deploy/services/find-program.ts';

/** A machine of a test's network: processes started `within` it have its interfaces and no others. */
export interface TestMachine {
  readonly address: string;
  /** In front of a program and its arguments. */
  readonly within: readonly string[];
}

/** Machines as network namespaces of this one, each on a bridge by a cable of its own. */
export interface TestNetwork {
  /** Of this process, which is always on the first side. */
  readonly address: string;
  machine(name: string): TestMachine;
  /**
   * Parts the network: each list of names is a side of its own, everybody else stays on the first one. Nothing is told to anybody:
   * connections from side to side hang.
   */
  split(...sides: readonly (readonly string[])[]): void;
  heal(): void;
  /** Takes away all that it has made, by its names. */
  remove(): void;
}

const PREFIX_BITS = 24;
const OURS = /^gv-?(\d+)(?:-|[bc]\d)/;

const ip = (...args: readonly string[]): string =>
  execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** A network of this process; a text tells why there can be none. Needs root and iproute2, which is installed where it can be. */
export async function openNetwork(): Promise<TestNetwork | string> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'network namespaces need root on Linux';
  if (findProgram('ip', process.env) === null) {
    const why = await installPackages(['iproute2'], { what: 'ip', env: process.env, report: console.info });
    if (why !== null || findProgram('ip', process.env) === null) return `no program ip: ${why}`;
  }
  removeOf((pid) => !existsSync(`/proc/${pid}`));
  const id = `gv${process.pid}`;
  try {
    return build(id);
  } catch (error) {
    removeOf((pid) => pid === process.pid);
    return `no network namespaces here: ${error instanceof Error ? error.message : error}`;
  }
}

function build(id: string): TestNetwork {
  const cables = new Map<string, string>();
  const subnet = freeSubnet();
  let sides = 0;
  const addSide = (): string => {
    const bridge = `${id}b${sides++}`;
    ip('link', 'add', bridge, 'type', 'bridge');
    ip('link', 'set', bridge, 'up');
    return bridge;
  };
  const first = addSide();
  const bridges = [first];
  const address = `${subnet}.1`;
  ip('addr', 'add', `${address}/${PREFIX_BITS}`, 'dev', first);
  const plug = (name: string, bridge: string): void => {
    ip('link', 'set', cables.get(name) ?? '', 'master', bridge);
  };
  return {
    address,
    machine(name) {
      const namespace = `gv-${process.pid}-${name}`;
      const cable = `${id}c${cables.size}`;
      const own = `${subnet}.${cables.size + 10}`;
      cables.set(name, cable);
      ip('netns', 'add', namespace);
      ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
      ip('-n', namespace, 'addr', 'add', `${own}/${PREFIX_BITS}`, 'dev', 'eth0');
      for (const device of ['lo', 'eth0']) ip('-n', namespace, 'link', 'set', device, 'up');
      ip('link', 'set', cable, 'up');
      plug(name, first);
      return { address: own, within: ['ip', 'netns', 'exec', namespace] };
    },
    split(...lists) {
      for (const [side, names] of lists.entries()) {
        const bridge = bridges[side + 1] ?? addSide();
        bridges[side + 1] = bridge;
        for (const name of names) plug(name, bridge);
      }
    },
    heal() {
      for (const name of cables.keys()) plug(name, first);
    },
    remove: () => removeOf((pid) => pid === process.pid),
  };
}

/** Of the networks that are kept for measurements between machines (RFC 2544). */
function freeSubnet(): string {
  const routes = ip('route', 'show');
  for (let n = 0; n < 256; n++) {
    const subnet = `198.18.${(process.pid + n) % 256}`;
    if (!routes.includes(`${subnet}.`)) return subnet;
  }
  throw new Error('all of 198.18.0.0/16 is taken');
}

/** A namespace takes its end of the cable along, and with it the other end. */
function removeOf(which: (pid: number) => boolean): void {
  const wanted = (name: string): boolean => {
    const [, pid] = OURS.exec(name) ?? [];
    return pid !== undefined && which(Number(pid));
  };
  for (const { name } of listed('netns', 'list')) if (wanted(name)) ip('netns', 'delete', name);
  for (const { ifname } of listed('link', 'show')) {
    if (!wanted(ifname)) continue;
    try {
      ip('link', 'delete', ifname);
    } catch {
      // The kernel takes cables away by itself, some moments after their namespace.
    }
  }
}

const listed = (...what: readonly string[]): readonly { readonly name: string; readonly ifname: string }[] =>
  JSON.parse(ip('-j', ...what) || '[]');
