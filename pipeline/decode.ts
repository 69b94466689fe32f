import { reachesDay, sweepDaily } from '../operators/core/daily-sweep.ts';
import { CLOCK_STATE, CLOCK_STEP } from '../operators/core/fleet-clock.ts';
import type { GroupState, GroupStates } from '../operators/core/group-state.ts';
import { absentRows, type BareScrape } from './absent-rows.ts';
import { advanceClock } from './advance-clock.ts';
import { BatchBuilder } from './batch-builder.ts';
import { ScrapeTexts } from './collect/scrape-texts.ts';
import type { Batch } from './contract/batch.ts';
import type { DeadLetter } from './contract/events.ts';
import type { RawMessage } from './contract/message.ts';
import { METRIC_COUNT } from './contract/metrics.ts';
import type { Emit } from './contract/operator.ts';
import type { PassedOver, Scrape } from './contract/scrape.ts';
import { type DurationMs, EPOCH_MS_MAX } from './contract/time.ts';
import { readExtras, readHeader, readIdentity, type WireHeader } from './contract/wire.ts';
import { reasonOf, refusalLetter, scrapeLetter } from './decode-letters.ts';
import type { Stage } from './define-topology.ts';
import { groupOfSubject, nodeOfSubject } from './group-of-subject.ts';

export interface DecodeOptions {
  /** As for `validate`: what lies further in the future does not move the fleet's clock. */
  readonly future_max: DurationMs | null;
  /** Told of every scrape. */
  readonly on_passed_over?: (counts: PassedOver) => void;
}

export interface DecodePorts {
  readonly rows: Batch;
  /** Rows without any reading for the GPUs of a node whose scrape had none: nobody sent them, so nobody stores them. */
  readonly absent: Batch;
  readonly refused: DeadLetter;
}

/** What the last identity block of a subject meant: reused while its bytes stay the same. */
interface KnownIdentity {
  readonly bytes: Buffer;
  /** Of the registry when this was learned: a sweep may have given the indexes to others. */
  readonly sweeps: number;
  readonly name: string;
  readonly node: number;
  readonly gpus: Uint32Array;
  readonly attributions: Uint32Array;
}

/** What is remembered of a subject. */
interface Route {
  readonly group: number;
  identity: KnownIdentity | null;
}
/** Subjects remembered; more than that come from somebody who makes them up. */
const ROUTES_MAX = 262_144;

/**
 * Turns messages into batches, one per group that had any; another one where the names in the registry change, so that no
 * step finds there what comes later: what they tell must not depend on how much is read at once.
 *
 * Input    messages in stream order; binary, JSON or exposition text.
 * Output   rows: batches in stream order per group; absent: the known GPUs of a node whose scrape has none, in their turn;
 *          refused: what could not be read, and what normalising had refused.
 * Time     none.
 * State    the registries of the groups; besides, caches that can be lost.
 * Cost     one copy of the values per row; identity is parsed when its bytes change.
 * Errors   none: what cannot be read is a dead letter.
 */
export const decode = (options: DecodeOptions): Stage<readonly RawMessage[], DecodePorts> => ({
  name: 'decode',
  summary: 'binary, JSON or text to columnar batches',
  ports: ['rows', 'absent', 'refused'],
  start(states) {
    const decoder = new Decoder(states, options);
    return { process: (messages, emit) => decoder.process(messages, emit) };
  },
});

class Decoder {
  private readonly states: GroupStates;
  /** By group, made when one is needed: a worker of a cluster has a decoder a group. */
  private readonly builders: BatchBuilder[] = [];
  private readonly absent = new BatchBuilder();
  private readonly routes = new Map<string, Route>();
  private readonly texts = new ScrapeTexts();
  private readonly touched: number[] = [];
  /** Position up to which the builder of the message's group is filled, before the message. */
  private before = 0;
  private scratch = new Float64Array(1024);
  private scratchBytes = new Uint8Array(this.scratch.buffer);
  private readonly future_ms: number;
  private readonly onPassedOver: DecodeOptions['on_passed_over'];

  constructor(states: GroupStates, options: DecodeOptions) {
    this.states = states;
    this.future_ms = options.future_max ?? Number.POSITIVE_INFINITY;
    this.onPassedOver = options.on_passed_over;
  }

  process(messages: readonly RawMessage[], emit: Emit<DecodePorts>): void {
    const { clock: cells } = this.states.fleet.columns(CLOCK_STEP, CLOCK_STATE);
    for (const message of messages) {
      const clock = message.clock ?? advanceClock(cells, message, this.future_ms);
      const route = this.route(message.subject);
      const { group } = route;
      const state = this.states.get(group);
      if (message.position <= state.position) continue;
      this.builders[group] ??= new BatchBuilder();
      const builder = this.builders[group] as BatchBuilder;
      if (builder.position !== message.position) this.touched.push(group);
      this.before = builder.position;
      builder.position = message.position;
      const { event_time: ts } = message;
      if (isUsable(ts) && ts <= message.arrived_at + this.future_ms && reachesDay(state, ts)) {
        this.handOn(state, builder, emit);
        sweepDaily(state, ts);
      }
      this.read(message, clock, route, state, builder, emit);
    }
    for (const group of new Set(this.touched)) {
      const builder = this.builders[group] as BatchBuilder;
      const state = this.states.get(group);
      if (builder.rows > 0) emit('rows', builder.take(group, state.registry));
      state.position = builder.position;
      // Positions may begin again: the next one counts, whatever it is.
      builder.position = 0;
    }
    this.touched.length = 0;
  }

  /** What came before the message goes its way first: the registry is about to change. */
  private handOn(state: GroupState, builder: BatchBuilder, emit: Emit<DecodePorts>): void {
    if (builder.rows === 0) return;
    const { position } = builder;
    builder.position = this.before;
    emit('rows', builder.take(state.group, state.registry));
    builder.position = position;
  }

  private route(subject: string): Route {
    let route = this.routes.get(subject);
    if (route === undefined) {
      if (this.routes.size >= ROUTES_MAX) this.routes.clear();
      route = { group: groupOfSubject(subject), identity: null };
      this.routes.set(subject, route);
    }
    return route;
  }

  private read(
    message: RawMessage,
    clock: number,
    route: Route,
    state: GroupState,
    builder: BatchBuilder,
    emit: Emit<DecodePorts>,
  ): void {
    try {
      if (message.content_type === 'application/vnd.gpu-vitals.scrape') {
        this.readBinary(message, clock, route, state, builder, emit);
        return;
      }
      const scrapes = this.texts.read(message, nodeOfSubject(message.subject));
      const known = scrapes.every(({ gpus, node }) => gpus.every((gpu) => state.registry.knows(gpu, node)));
      if (!known) this.handOn(state, builder, emit);
      for (const scrape of scrapes) this.append(scrape, message.arrived_at, clock, state, builder, emit);
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === null) throw error;
      emit('refused', scrapeLetter(message, reason, error instanceof Error ? error.message : String(error)));
    }
  }

  private readBinary(
    message: RawMessage,
    clock: number,
    route: Route,
    state: GroupState,
    builder: BatchBuilder,
    emit: Emit<DecodePorts>,
  ): void {
    const { data } = message;
    const { registry } = state;
    const header = readHeader(data);
    const extras = readExtras(data, header);
    const ts = isUsable(header.ts) ? header.ts : message.event_time;
    const { unanswered } = extras;
    if (unanswered !== null) {
      const node = registry.nodes.indexOf(readIdentity(data, header).node);
      if (node !== -1) this.tellAbsent({ node, ts, clock, message, unanswered }, state, builder, emit);
      return;
    }
    const known = this.identity(route, data, header, state, builder, emit);
    const width = header.columns.length;
    if (header.rows === 0 && extras.refusals.length === 0) {
      this.tellAbsent({ node: known.node, ts, clock, message, unanswered }, state, builder, emit);
    }
    const first = builder.reserve(header.rows, message.arrived_at, clock);
    builder.ts.fill(header.ts, first, first + header.rows);
    builder.gpu.set(known.gpus, first);
    builder.node.fill(known.node, first, first + header.rows);
    builder.attribution.set(known.attributions, first);
    if (extras.times !== null) builder.ts.set(extras.times, first);
    this.readValues(data, header);
    const { values } = builder;
    const { columns } = header;
    const { scratch } = this;
    values.fill(Number.NaN, first * METRIC_COUNT, (first + header.rows) * METRIC_COUNT);
    for (let row = 0, from = 0, to = first * METRIC_COUNT; row < header.rows; row++, to += METRIC_COUNT) {
      for (let c = 0; c < width; c++) values[to + (columns[c] as number)] = scratch[from++] as number;
    }
    for (let row = first; row < first + header.rows; row++) {
      registry.see(builder.gpu[row] as number, known.node, builder.attribution[row] as number, ts);
    }
    for (const { row, xid, kind, count } of extras.xids) builder.xids.push({ row: first + row, xid, kind, count });
    for (const refusal of extras.refusals) emit('refused', refusalLetter(refusal, known.name, ts));
    this.onPassedOver?.(header);
  }

  private tellAbsent(bare: BareScrape, state: GroupState, builder: BatchBuilder, emit: Emit<DecodePorts>): void {
    if (bare.ts > bare.message.arrived_at + this.future_ms) return;
    const rows = absentRows(this.absent, state, bare);
    if (rows === null) return;
    this.handOn(state, builder, emit);
    emit('absent', rows);
  }

  /** Copies the values to aligned memory: messages begin anywhere in the connection's buffer. */
  private readValues(data: Uint8Array, header: WireHeader): void {
    const bytes = header.identity_at - header.values_at;
    if (bytes > this.scratchBytes.length) {
      this.scratch = new Float64Array(bytes / 4);
      this.scratchBytes = new Uint8Array(this.scratch.buffer);
    }
    this.scratchBytes.set(data.subarray(header.values_at, header.identity_at));
  }

  private identity(
    route: Route,
    data: Uint8Array,
    header: WireHeader,
    state: GroupState,
    builder: BatchBuilder,
    emit: Emit<DecodePorts>,
  ): KnownIdentity {
    const { identity_at, extras_at } = header;
    const last = route.identity;
    const { registry } = state;
    // The same block on another number of rows is a damaged message, which readIdentity tells.
    if (
      last !== null &&
      last.sweeps === registry.sweeps &&
      last.gpus.length === header.rows &&
      last.bytes.length === extras_at - identity_at &&
      last.bytes.compare(data, identity_at, extras_at) === 0
    ) {
      const { gpus, node } = last;
      let unmoved = true;
      for (let row = 0; row < gpus.length; row++) unmoved &&= registry.gpuNodes[gpus[row] as number] === node;
      if (unmoved) return last;
    }
    const identity = readIdentity(data, header);
    if (!identity.rows.every((row) => registry.knows(row, identity.node))) this.handOn(state, builder, emit);
    const node = registry.node(identity.node);
    const known: KnownIdentity = {
      // In memory of its own: it stays for long, and what it was received with, or Node's pool, would stay with it.
      bytes: Buffer.from(new Uint8Array(data.subarray(identity_at, extras_at)).buffer),
      sweeps: registry.sweeps,
      name: identity.node,
      node,
      gpus: Uint32Array.from(identity.rows, (row) => registry.gpu(row, node)),
      attributions: Uint32Array.from(identity.rows, (row) => registry.attribution(row.attribution)),
    };
    route.identity = known;
    return known;
  }

  private append(
    scrape: Scrape,
    arrivedAt: number,
    clock: number,
    state: GroupState,
    builder: BatchBuilder,
    emit: Emit<DecodePorts>,
  ): void {
    const { registry } = state;
    const node = registry.node(scrape.node);
    for (const scraped of scrape.gpus) {
      const row = builder.reserve(1, arrivedAt, clock);
      builder.ts[row] = scraped.ts;
      builder.gpu[row] = registry.gpu(scraped, node);
      builder.node[row] = node;
      builder.attribution[row] = registry.attribution(scraped.attribution);
      builder.values.set(scraped.values, row * METRIC_COUNT);
      registry.see(builder.gpu[row] as number, node, builder.attribution[row] as number, scraped.ts);
      for (const { xid, kind, count } of scraped.xids) builder.xids.push({ row, xid, kind, count });
    }
    for (const refusal of scrape.refusals) emit('refused', refusalLetter(refusal, scrape.node, scrape.ts));
    this.onPassedOver?.(scrape);
  }
}

const isUsable = (ts: number): boolean => ts > 0 && ts <= EPOCH_MS_MAX;
