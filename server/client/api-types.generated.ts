// Made from the OpenAPI document by `npm run generate`: what is changed here is lost.

export type Alert = AlertRow & {
  /** Id of the silence that it fits; `asset` when the inventory has it in maintenance; else empty. */
  readonly silenced_by: string;
  /** Id of the open alert that explains it; else empty. */
  readonly inhibited_by: string;
};

export type AlertActRequest = {
  /** Who does it; the name of the key where there is one. */
  readonly by?: string | undefined;
  readonly note?: string | undefined;
};

export type AlertAssignRequest = {
  /** Who does it; the name of the key where there is one. */
  readonly by?: string | undefined;
  /** To whom; empty: to nobody. */
  readonly to: string;
  readonly note?: string | undefined;
};

export type AlertChange = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly at: string;
  readonly what: 'opened' | 'escalated' | 'closed' | 'acknowledged' | 'unacknowledged' | 'assigned';
  /** From then on; null for what people did. */
  readonly severity: 'info' | 'warning' | 'critical' | null;
  /** Who did it; empty for what followed from telemetry. */
  readonly by: string;
  /** To whom it was assigned. */
  readonly to: string;
  readonly note: string;
};

export type AlertDetail = Alert & {
  /** What happened to it, oldest first. */
  readonly changes: readonly AlertChange[];
  /** Fields that could not be looked up just now. */
  readonly unavailable: readonly string[];
};

export type AlertRow = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  /** GPU identity. */
  readonly gpu_uuid: string;
  /** Host. */
  readonly node: string;
  /** MIG's GPU_I_ID; empty for the whole board. */
  readonly instance: string;
  /** Stable id from rule and cause. */
  readonly id: string;
  /** Rule that found it worth telling. */
  readonly rule: string;
  /** info, warning or critical: the highest it has had. */
  readonly severity: 'info' | 'warning' | 'critical';
  /** open or closed. */
  readonly state: 'open' | 'closed';
  /** What, where, how bad, since when. */
  readonly summary: string;
  /** What to do first, in words. */
  readonly action_text: string;
  /** Recovery action. */
  readonly action: string;
  /** memory, thermal, power, bus, fabric, driver, application, sensor, prediction, money or unknown. */
  readonly category: string;
  /** Table of what it follows from. */
  readonly source: string;
  /** Id of the row there. */
  readonly source_id: string;
  /** Model; empty when it is about no single GPU. */
  readonly model: string;
  /** Cluster. */
  readonly cluster: string;
  /** Rack. */
  readonly rack: string;
  /** Owning team. */
  readonly owner: string;
  /** Tenant that may see it. */
  readonly tenant: string;
  /** Who used it. */
  readonly job: string;
  /** When the rule held for long enough. */
  readonly opened_at: string | null;
  /** When it held no longer; null while open. */
  readonly closed_at: string | null;
  /** Who has taken notice; empty: nobody. */
  readonly acknowledged_by: string;
  /** When. */
  readonly acknowledged_at: string | null;
  /** Who looks after it. */
  readonly assigned_to: string;
  /** What they wrote. */
  readonly handling_note: string;
};

export type AlertRule = {
  readonly name: string;
  /** Table whose rows it looks at. */
  readonly on: string;
  /** By column: all must fit. */
  readonly when: Readonly<Record<string, {
    readonly in?: readonly string[] | undefined;
    readonly not?: readonly string[] | undefined;
    readonly at_least?: 'info' | 'warning' | 'critical' | undefined;
    readonly above?: number | undefined;
    readonly below?: number | undefined;
  }>>;
  /** How long it must hold before the alert opens. */
  readonly for: string;
  /** How long it must be gone before the alert closes. */
  readonly keep: string;
  /** info, warning, critical, or found: that of the row. */
  readonly severity: string;
  /** Empty: that of the row. */
  readonly category: string;
  readonly summary: string;
  /** Empty: what the row itself says. */
  readonly action_text: string;
  /** Tells only where no other alert is open and for so long none was; null: whatever else is told. */
  readonly alone: string | null;
  readonly enabled: boolean;
  /** Whether the configuration says something. */
  readonly origin: 'default' | 'changed' | 'own';
};

export type AlertRulePreview = {
  readonly rule: string;
  /** UTC, ISO 8601 with milliseconds. */
  readonly from: string;
  /** UTC, ISO 8601 with milliseconds. */
  readonly to: string;
  /** With the rules as they are in effect. */
  readonly now: {
    /** Alerts of the rule. */
    readonly rule: {
      readonly total: number;
      readonly by_severity: {
        readonly info: number;
        readonly warning: number;
        readonly critical: number;
      };
      readonly per_day: readonly {
        /** UTC. */
        readonly day: string;
        readonly info: number;
        readonly warning: number;
        readonly critical: number;
      }[];
    };
    /** Alerts of all rules: one rule may tell what another told before. */
    readonly all: {
      readonly total: number;
      readonly by_severity: {
        readonly info: number;
        readonly warning: number;
        readonly critical: number;
      };
      readonly per_day: readonly {
        /** UTC. */
        readonly day: string;
        readonly info: number;
        readonly warning: number;
        readonly critical: number;
      }[];
    };
  };
  /** With the change. */
  readonly changed: {
    /** Alerts of the rule. */
    readonly rule: {
      readonly total: number;
      readonly by_severity: {
        readonly info: number;
        readonly warning: number;
        readonly critical: number;
      };
      readonly per_day: readonly {
        /** UTC. */
        readonly day: string;
        readonly info: number;
        readonly warning: number;
        readonly critical: number;
      }[];
    };
    /** Alerts of all rules: one rule may tell what another told before. */
    readonly all: {
      readonly total: number;
      readonly by_severity: {
        readonly info: number;
        readonly warning: number;
        readonly critical: number;
      };
      readonly per_day: readonly {
        /** UTC. */
        readonly day: string;
        readonly info: number;
        readonly warning: number;
        readonly critical: number;
      }[];
    };
  };
  /** Newest alerts of all rules that the change would drop. */
  readonly only_now: readonly {
    /** UTC, ISO 8601 with milliseconds. */
    readonly ts: string;
    /** GPU identity. */
    readonly gpu_uuid: string;
    /** Host. */
    readonly node: string;
    /** Stable id from rule and cause. */
    readonly id: string;
    /** Rule that found it worth telling. */
    readonly rule: string;
    /** info, warning or critical: the highest it has had. */
    readonly severity: 'info' | 'warning' | 'critical';
    /** open or closed. */
    readonly state: 'open' | 'closed';
    /** What, where, how bad, since when. */
    readonly summary: string;
    /** When the rule held for long enough. */
    readonly opened_at: string | null;
    /** When it held no longer; null while open. */
    readonly closed_at: string | null;
  }[];
  /** Newest ones that it would add. */
  readonly only_changed: readonly {
    /** UTC, ISO 8601 with milliseconds. */
    readonly ts: string;
    /** GPU identity. */
    readonly gpu_uuid: string;
    /** Host. */
    readonly node: string;
    /** Stable id from rule and cause. */
    readonly id: string;
    /** Rule that found it worth telling. */
    readonly rule: string;
    /** info, warning or critical: the highest it has had. */
    readonly severity: 'info' | 'warning' | 'critical';
    /** open or closed. */
    readonly state: 'open' | 'closed';
    /** What, where, how bad, since when. */
    readonly summary: string;
    /** When the rule held for long enough. */
    readonly opened_at: string | null;
    /** When it held no longer; null while open. */
    readonly closed_at: string | null;
  }[];
  /** Stored rows that were looked at. */
  readonly rows: number;
  /** Tables of which only the newest rows were looked at. */
  readonly cut: readonly string[];
  /** What to write into gpu-vitals.yaml; empty without a change. */
  readonly yaml: string;
};

export type AlertRulePreviewRequest = {
  /** Of a rule in effect, or of a new one; then `overrides` says on which table. */
  readonly rule: string;
  /** What to change of it, as in the option alert-rules, on top of what is configured. */
  readonly overrides?: Readonly<Record<string, unknown>> | undefined;
  /** How far back, 7d at most. */
  readonly span?: string | undefined;
};

export type AlertSilenceRequest = {
  /** Epoch ms or ISO 8601; this or duration. */
  readonly ends_at?: string | number | undefined;
  /** From now on, such as `30m`, `2h` or `7d`; this or ends_at. */
  readonly duration?: string | undefined;
  /** Who does it; the name of the key where there is one. */
  readonly by?: string | undefined;
  readonly note?: string | undefined;
};

export type AliasMove = {
  readonly alias: string;
  /** Null: no version, so what is configured judges. */
  readonly version: string | null;
  readonly before: string | null;
};

export type Anomaly = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly id: string;
  readonly type: string;
  readonly metric: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly score: number | null;
  readonly observed: number | null;
  readonly expected: number | null;
  readonly window: string;
  readonly detector: string;
  readonly explanation: string;
  readonly state: 'open' | 'closed';
  /** UTC, ISO 8601 with milliseconds. */
  readonly opened_at: string;
  /** UTC, ISO 8601 with milliseconds. */
  readonly closed_at: string | null;
};

export type ApiKey = {
  readonly id: string;
  /** How the key begins. */
  readonly prefix: string;
  readonly name: string;
  readonly role: 'viewer' | 'operator' | 'admin';
  /** Sees only the GPUs of this tenant; empty: all. */
  readonly tenant: string;
  /** What the role is narrowed to; none: all that it may. */
  readonly scopes: readonly ('fleet' | 'alerts' | 'assets' | 'labels' | 'models' | 'reports' | 'metrics' | 'pipeline' | 'security')[];
  readonly state: 'good' | 'expired' | 'revoked';
  /** UTC, ISO 8601 with milliseconds. */
  readonly created_at: string;
  /** UTC, ISO 8601 with milliseconds. */
  readonly expires_at: string | null;
  /** UTC, ISO 8601 with milliseconds. */
  readonly revoked_at: string | null;
  /** Told once a minute at most. */
  readonly last_used_at: string | null;
  /** Until when the key before the last rotation is good too. */
  readonly previous_until: string | null;
};

export type Asset = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly model: string;
  readonly serial: string;
  readonly pci_bus_id: string;
  readonly cluster: string;
  readonly rack: string;
  readonly slot: string;
  readonly owner: string;
  readonly tenant: string;
  /** UTC, ISO 8601 with milliseconds. */
  readonly deployed_at: string | null;
  /** UTC, ISO 8601 with milliseconds. */
  readonly warranty_until: string | null;
  readonly purchase_price: number | null;
  readonly operating_hours: number | null;
  /** UTC, ISO 8601 with milliseconds. */
  readonly registered_at: string;
  readonly status: string;
  readonly note: string;
  /** UTC, ISO 8601 with milliseconds. */
  readonly retired_at: string | null;
};

export type AssetChange = {
  /** Is ignored: when it was told is for us to say. */
  readonly ts?: string | number | undefined;
  /** The same as in the path, if at all. */
  readonly gpu_uuid?: string | undefined;
  readonly node?: string | null | undefined;
  readonly model?: string | null | undefined;
  readonly serial?: string | null | undefined;
  readonly pci_bus_id?: string | null | undefined;
  readonly cluster?: string | null | undefined;
  readonly rack?: string | null | undefined;
  readonly slot?: string | null | undefined;
  readonly owner?: string | null | undefined;
  readonly tenant?: string | null | undefined;
  /** Epoch ms or ISO 8601. */
  readonly deployed_at?: string | number | null | undefined;
  /** Epoch ms or ISO 8601. */
  readonly warranty_until?: string | number | null | undefined;
  readonly purchase_price?: number | null | undefined;
  readonly operating_hours?: number | null | undefined;
  /** Epoch ms or ISO 8601. */
  readonly registered_at?: string | number | undefined;
  readonly status?: 'active' | 'maintenance' | 'retired' | undefined;
  readonly note?: string | null | undefined;
  /** Epoch ms or ISO 8601. */
  readonly retired_at?: string | number | null | undefined;
};

export type AssetImport = {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Rows that cannot be read, and rows that somebody else changed meanwhile. */
  readonly refused: number;
  /** What became of every row that could be read. */
  readonly rows: readonly {
    /** Line of the file, from 1. */
    readonly line: number;
    readonly gpu_uuid: string;
    readonly outcome: 'added' | 'changed' | 'unchanged' | 'refused';
  }[];
  /** What is wrong with rows that were left out. */
  readonly problems: readonly {
    readonly line: number;
    readonly field: string;
    readonly detail: string;
  }[];
};

export type AssetPreviewRequest = {
  readonly csv: string;
};

export type AssetRequest = {
  /** Is ignored: when it was told is for us to say. */
  readonly ts?: string | number | undefined;
  readonly gpu_uuid: string;
  readonly node?: string | null | undefined;
  readonly model?: string | null | undefined;
  readonly serial?: string | null | undefined;
  readonly pci_bus_id?: string | null | undefined;
  readonly cluster?: string | null | undefined;
  readonly rack?: string | null | undefined;
  readonly slot?: string | null | undefined;
  readonly owner?: string | null | undefined;
  readonly tenant?: string | null | undefined;
  /** Epoch ms or ISO 8601. */
  readonly deployed_at?: string | number | null | undefined;
  /** Epoch ms or ISO 8601. */
  readonly warranty_until?: string | number | null | undefined;
  readonly purchase_price?: number | null | undefined;
  readonly operating_hours?: number | null | undefined;
  /** Epoch ms or ISO 8601. */
  readonly registered_at?: string | number | undefined;
  readonly status?: 'active' | 'maintenance' | 'retired' | undefined;
  readonly note?: string | null | undefined;
  /** Epoch ms or ISO 8601. */
  readonly retired_at?: string | number | null | undefined;
};

export type Attribution = {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly job: string;
};

export type AuditEntry = {
  /** In the order of writing. */
  readonly position: number;
  /** UTC, ISO 8601 with milliseconds. */
  readonly at: string;
  /** Name of the key; empty while there were none. */
  readonly by: string;
  readonly key_id: string;
  readonly role: string;
  readonly tenant: string;
  /** Address of the caller, or `command line`. */
  readonly origin: string;
  /** Method and route, or the command. */
  readonly action: string;
  /** What it was done to; cut at 500 characters. */
  readonly target: string;
  /** HTTP status; of a command 0 done, 1 failed. */
  readonly status: number;
  /** What was asked for; cut at 2,000 characters. */
  readonly detail: string;
};

export type Availability = {
  readonly month: string;
  /** Value of what is grouped by; empty where it is not known. */
  readonly group: string;
  /** Boards that were in service. */
  readonly gpus: number;
  readonly in_service_hours: number;
  readonly down_hours: number;
  readonly availability: number | null;
  readonly sla: number;
  readonly met: boolean | null;
  /** Boards whose own availability is below the target. */
  readonly breaches: number;
  readonly failures: number;
  readonly repaired: number;
  /** Boards that are down at the end. */
  readonly down_now: number;
  /** Mean time to repair; null while nothing was repaired. */
  readonly mttr_hours: number | null;
  /** Mean time between failures; null without failures. */
  readonly mtbf_hours: number | null;
};

export type ChannelTest = {
  readonly channel: string;
  readonly kind: string;
  readonly taken: boolean;
  /** What the other side said, or why it did not take the message. */
  readonly answer: string;
  readonly took_ms: number;
};

export type ConfigOption = {
  readonly option: string;
  /** In effect; durations as they are written, secrets as ***. */
  readonly value?: unknown | undefined;
  /** `default`, the file's path, the variable's name, or the flag. */
  readonly origin: string;
  readonly section: string;
  readonly help: string;
};

export type ConsoleConfig = {
  /** WebSocket URL of the live server; null when there is none. */
  readonly live: string | null;
  readonly protocol: 'gpu-vitals.v1';
  readonly stale_after_ms: number;
  /** The fleet is simulated: no real GPU is behind the readings. */
  readonly simulated: boolean;
  /** Whose key it is that asks; empty while there are no keys. */
  readonly name: string;
  readonly role: 'viewer' | 'operator' | 'admin';
  /** Only its GPUs are shown; empty: all. */
  readonly tenant: string;
  /** Routes that this caller may not call. */
  readonly refused: readonly string[];
};

export type DeadLetter = {
  /** Where it lies; names it. */
  readonly position: number;
  /** Event time. */
  readonly ts: string;
  /** When it was refused. */
  readonly arrived_at: string;
  readonly node: string;
  /** What was refused: value, line, row or scrape. */
  readonly level: string;
  readonly reason: string;
  readonly code: string;
  readonly step: string;
  readonly detail: string;
  readonly content_type: string;
  readonly size_bytes: number;
  /** When it was sent again; null while it was not. */
  readonly retried_at: string | null;
};

export type DeadLetterRetry = {
  readonly retried: number;
  readonly skipped: number;
  readonly more: boolean;
};

export type DeadLetterRetryRequest = {
  readonly positions?: readonly number[] | undefined;
  readonly reason?: string | undefined;
  readonly node?: string | undefined;
  /** Whatever there is. */
  readonly all?: true | undefined;
  /** Also those that were sent again before. */
  readonly again?: boolean | undefined;
  readonly retried_max?: number | undefined;
};

export type DeadLetterWithOriginal = DeadLetter & {
  /** What came, when that is text. */
  readonly original: string | null;
  /** What came, when it is no text. */
  readonly original_base64: string | null;
};

export type Decision = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  /** GPU identity. */
  readonly gpu_uuid: string;
  /** Host. */
  readonly node: string;
  /** MIG's GPU_I_ID; empty for the whole board. */
  readonly instance: string;
  /** keep, sell, repurpose or decommission: the option of highest value. */
  readonly decision: 'keep' | 'sell' | 'repurpose' | 'decommission';
  /** Net present value of keeping it, USD. */
  readonly npv_keep: number | null;
  /** Net present value of selling it, USD. */
  readonly npv_sell: number | null;
  /** Net present value of cheaper work, USD. */
  readonly npv_repurpose: number | null;
  /** Value of decommissioning it, USD. */
  readonly salvage_value: number | null;
  /** The best of the four, USD. */
  readonly expected_value: number | null;
  /** 0..1, by the distance of the best from the second. */
  readonly confidence: number | null;
  /** One sentence with the numbers. */
  readonly rationale: string;
  /** Inputs that would flip it: input, value, flips_at, to. */
  readonly sensitivity: readonly {
    readonly input: string;
    readonly value: number;
    readonly flips_at: number | null;
    readonly to: string | null;
  }[] | null;
  /** keep, watch, drain, rma, repurpose, sell or decommission: what to do next. */
  readonly advice: string;
  /** Expected loss per hour of waiting, USD. */
  readonly value_at_risk_usd_per_hour: number | null;
  /** Health score that it is made of. */
  readonly health: number | null;
  /** 30-day failure probability that it is made of. */
  readonly p30: number | null;
  /** Utilisation 0..1 that it is made of. */
  readonly utilisation: number | null;
  /** default or reference. */
  readonly profile: 'default' | 'reference';
};

export type Episode = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  /** GPU identity. */
  readonly gpu_uuid: string;
  /** Host. */
  readonly node: string;
  /** MIG's GPU_I_ID; empty for the whole board. */
  readonly instance: string;
  /** Stable id from its cause. */
  readonly id: string;
  /** Distinct codes in the order of their appearance. */
  readonly xids: readonly number[] | null;
  /** The code that the others follow from; null for a story without XIDs. */
  readonly primary_xid: number | null;
  /** Types of the anomalies in it. */
  readonly anomalies: readonly string[] | null;
  /** info, warning or critical. */
  readonly severity: 'info' | 'warning' | 'critical';
  /** memory, thermal, power, bus, fabric, driver, application, sensor or unknown. */
  readonly category: string;
  /** Recovery action. */
  readonly action: string;
  /** What happened, and why this action. */
  readonly explanation: string;
  /** First event. */
  readonly started_at: string | null;
  /** Last event; null while it goes on. */
  readonly ended_at: string | null;
  /** XIDs and anomaly openings in it. */
  readonly count: number | null;
  /** First reset or reboot after it; null while none was seen. */
  readonly reset_at: string | null;
  /** Whether a reset or reboot ended it; null while nobody can know. */
  readonly cured: boolean | null;
  /** Who used the GPU. */
  readonly job: string;
};

export type ErrorEntry = {
  readonly code: string;
  readonly meaning: string;
  readonly action: string;
};

export type FailureLabel = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  /** GPU identity. */
  readonly gpu_uuid: string;
  /** Host. */
  readonly node: string;
  /** When it failed. */
  readonly failed_at: string | null;
  /** memory, thermal, power or other. */
  readonly type: 'memory' | 'thermal' | 'power' | 'other';
  /** Who tells of it: hand, csv, rma, episode, or a word of theirs. */
  readonly source: string;
  /** Free text. */
  readonly note: string;
  /** confirmed, suggested or rejected; only confirmed ones train. */
  readonly status: 'confirmed' | 'suggested' | 'rejected';
};

export type FailureLabelImport = {
  /** Rows of the file that were stored. */
  readonly stored: number;
  /** What is wrong with the others, by line of the file. */
  readonly problems: readonly {
    readonly line: number;
    readonly field: string;
    readonly detail: string;
  }[];
};

export type FailureLabelRequest = {
  readonly gpu_uuid: string;
  /** Epoch ms or ISO 8601; with gpu_uuid the key: told again it changes. */
  readonly failed_at: string | number;
  readonly type: 'memory' | 'thermal' | 'power' | 'other';
  readonly note?: string | undefined;
  /** Who tells of it: hand, csv, rma, episode, or a word of yours. */
  readonly source?: string | undefined;
  readonly status?: 'confirmed' | 'suggested' | 'rejected' | undefined;
  /** Of a row that was read; failed_at counts. */
  readonly ts?: string | number | undefined;
  /** Of a row that was read; it is looked up. */
  readonly node?: string | undefined;
};

export type FailureLabelSuggestion = {
  readonly gpu_uuid: string;
  readonly node: string;
  /** UTC, ISO 8601 with milliseconds. */
  readonly failed_at: string;
  readonly type: 'memory' | 'thermal' | 'power' | 'other';
  readonly source: 'episode' | 'rma';
  /** Why, in one sentence. */
  readonly note: string;
};

export type FeatureDefinition = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  /** Column of gpu_features. */
  readonly name: string;
  /** Unit. */
  readonly unit: string;
  /** 1h, 6h, 24h or 7d; `now` for what holds at the row. */
  readonly window: string;
  /** How it is computed. */
  readonly formula: string;
  /** Rises when the name begins to mean another number. */
  readonly version: number | null;
};

export type FeatureDrift = {
  readonly feature: string;
  readonly unit: string;
  /** Population stability index, 0 = spread as in training; null when it cannot be told. */
  readonly index: number | null;
  /** 0.25, or what chance alone does with so few boards, or so alike. */
  readonly limit: number;
  readonly alarm: boolean;
  /** Kolmogorov-Smirnov statistic of known values over the limits of the training: the largest distance of the cumulated shares, 0..1. */
  readonly ks: number | null;
  /** Chance of such a distance or more if nothing has moved; boards are the cases, fewer where those of a node are alike. */
  readonly ks_p: number | null;
  /** Share 0..1 of what the model goes by. */
  readonly importance: number;
  /** Beyond doubt: an alarm, and a KS that chance makes in one look of a thousand, over all features. */
  readonly moved: boolean;
  /** Share 0..1 of today's vectors without a value. */
  readonly missing_ratio: number;
  /** The same in training. */
  readonly reference_missing_ratio: number | null;
};

export type Features = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  /** GPU identity. */
  readonly gpu_uuid: string;
  /** Host. */
  readonly node: string;
  /** MIG's GPU_I_ID; empty for the whole board. */
  readonly instance: string;
  /** mean of the samples of gpu_temp_celsius; C, 7d */
  readonly gpu_temp_mean: number | null;
  /** sample standard deviation (n - 1) of gpu_temp_celsius; C, 7d */
  readonly gpu_temp_std: number | null;
  /** smallest sample of gpu_temp_celsius; C, 7d */
  readonly gpu_temp_min: number | null;
  /** largest sample of gpu_temp_celsius; C, 7d */
  readonly gpu_temp_max: number | null;
  /** least-squares slope over the samples of gpu_temp_celsius; C/day, 7d */
  readonly gpu_temp_trend: number | null;
  /** mean of the samples of power_watts; W, 7d */
  readonly power_usage_mean: number | null;
  /** sample standard deviation (n - 1) of power_watts; W, 7d */
  readonly power_usage_std: number | null;
  /** power_usage_std / power_usage_mean; ratio, 7d */
  readonly power_usage_cv: number | null;
  /** sm_active_mean / power_usage_mean; percent/W, 7d */
  readonly power_efficiency: number | null;
  /** mean of the samples of sm_active_ratio x 100; percent, 7d */
  readonly sm_active_mean: number | null;
  /** sample standard deviation (n - 1) of sm_active_ratio x 100; percent, 7d */
  readonly sm_active_std: number | null;
  /** mean of the samples of sm_occupancy_ratio x 100; percent, 7d */
  readonly sm_occupancy_mean: number | null;
  /** mean of the samples of memory_util_ratio x 100; percent, 7d */
  readonly memory_util_mean: number | null;
  /** sample standard deviation (n - 1) of memory_util_ratio x 100; percent, 7d */
  readonly memory_util_std: number | null;
  /** samples with throttle bit 64; count, 7d */
  readonly thermal_throttle_count: number | null;
  /** samples with throttle bit 128; count, 7d */
  readonly power_brake_count: number | null;
  /** samples with throttle bit 4; count, 7d */
  readonly sw_power_cap_count: number | null;
  /** samples in which ecc_sbe_volatile_total had risen; count, 7d */
  readonly ecc_sbe_event_count: number | null;
  /** samples in which ecc_dbe_volatile_total had risen; count, 7d */
  readonly ecc_dbe_event_count: number | null;
  /** samples above mean + 2 std of the window as it stood when they arrived; count, 7d */
  readonly temp_spike_count: number | null;
  /** samples outside mean +- 2 std of the window as it stood on arrival; count, 7d */
  readonly power_anomaly_count: number | null;
  /** time in samples with any throttle bit but 1, 2 and 256; h, 7d */
  readonly throttle_duration_hours: number | null;
  /** (ts - deployed_at) / 1 day; days, now */
  readonly gpu_age_days: number | null;
  /** (warranty_until - ts) / 1 day; days, now */
  readonly warranty_remaining_days: number | null;
  /** operating_hours at registered_at + time in samples since; h, now */
  readonly total_operating_hours: number | null;
  /** 1 when the model is an A100, else 0; flag, now */
  readonly model_a100: number | null;
  /** 1 when the model is an H100, else 0; flag, now */
  readonly model_h100: number | null;
  /** mean of the samples of gpu_temp_celsius; C, 1h */
  readonly gpu_temp_celsius_mean_1h: number | null;
  /** mean of the samples of gpu_temp_celsius; C, 6h */
  readonly gpu_temp_celsius_mean_6h: number | null;
  /** mean of the samples of gpu_temp_celsius; C, 24h */
  readonly gpu_temp_celsius_mean_24h: number | null;
  /** mean of the samples of gpu_temp_celsius; C, 7d */
  readonly gpu_temp_celsius_mean_7d: number | null;
  /** sample standard deviation (n - 1) of gpu_temp_celsius; C, 1h */
  readonly gpu_temp_celsius_std_1h: number | null;
  /** sample standard deviation (n - 1) of gpu_temp_celsius; C, 6h */
  readonly gpu_temp_celsius_std_6h: number | null;
  /** sample standard deviation (n - 1) of gpu_temp_celsius; C, 24h */
  readonly gpu_temp_celsius_std_24h: number | null;
  /** sample standard deviation (n - 1) of gpu_temp_celsius; C, 7d */
  readonly gpu_temp_celsius_std_7d: number | null;
  /** smallest sample of gpu_temp_celsius; C, 1h */
  readonly gpu_temp_celsius_min_1h: number | null;
  /** smallest sample of gpu_temp_celsius; C, 6h */
  readonly gpu_temp_celsius_min_6h: number | null;
  /** smallest sample of gpu_temp_celsius; C, 24h */
  readonly gpu_temp_celsius_min_24h: number | null;
  /** smallest sample of gpu_temp_celsius; C, 7d */
  readonly gpu_temp_celsius_min_7d: number | null;
  /** largest sample of gpu_temp_celsius; C, 1h */
  readonly gpu_temp_celsius_max_1h: number | null;
  /** largest sample of gpu_temp_celsius; C, 6h */
  readonly gpu_temp_celsius_max_6h: number | null;
  /** largest sample of gpu_temp_celsius; C, 24h */
  readonly gpu_temp_celsius_max_24h: number | null;
  /** largest sample of gpu_temp_celsius; C, 7d */
  readonly gpu_temp_celsius_max_7d: number | null;
  /** least-squares slope over the samples of gpu_temp_celsius; C/day, 1h */
  readonly gpu_temp_celsius_trend_1h: number | null;
  /** least-squares slope over the samples of gpu_temp_celsius; C/day, 6h */
  readonly gpu_temp_celsius_trend_6h: number | null;
  /** least-squares slope over the samples of gpu_temp_celsius; C/day, 24h */
  readonly gpu_temp_celsius_trend_24h: number | null;
  /** least-squares slope over the samples of gpu_temp_celsius; C/day, 7d */
  readonly gpu_temp_celsius_trend_7d: number | null;
  /** mean of the samples of memory_temp_celsius; C, 1h */
  readonly memory_temp_celsius_mean_1h: number | null;
  /** mean of the samples of memory_temp_celsius; C, 6h */
  readonly memory_temp_celsius_mean_6h: number | null;
  /** mean of the samples of memory_temp_celsius; C, 24h */
  readonly memory_temp_celsius_mean_24h: number | null;
  /** mean of the samples of memory_temp_celsius; C, 7d */
  readonly memory_temp_celsius_mean_7d: number | null;
  /** sample standard deviation (n - 1) of memory_temp_celsius; C, 1h */
  readonly memory_temp_celsius_std_1h: number | null;
  /** sample standard deviation (n - 1) of memory_temp_celsius; C, 6h */
  readonly memory_temp_celsius_std_6h: number | null;
  /** sample standard deviation (n - 1) of memory_temp_celsius; C, 24h */
  readonly memory_temp_celsius_std_24h: number | null;
  /** sample standard deviation (n - 1) of memory_temp_celsius; C, 7d */
  readonly memory_temp_celsius_std_7d: number | null;
  /** smallest sample of memory_temp_celsius; C, 1h */
  readonly memory_temp_celsius_min_1h: number | null;
  /** smallest sample of memory_temp_celsius; C, 6h */
  readonly memory_temp_celsius_min_6h: number | null;
  /** smallest sample of memory_temp_celsius; C, 24h */
  readonly memory_temp_celsius_min_24h: number | null;
  /** smallest sample of memory_temp_celsius; C, 7d */
  readonly memory_temp_celsius_min_7d: number | null;
  /** largest sample of memory_temp_celsius; C, 1h */
  readonly memory_temp_celsius_max_1h: number | null;
  /** largest sample of memory_temp_celsius; C, 6h */
  readonly memory_temp_celsius_max_6h: number | null;
  /** largest sample of memory_temp_celsius; C, 24h */
  readonly memory_temp_celsius_max_24h: number | null;
  /** largest sample of memory_temp_celsius; C, 7d */
  readonly memory_temp_celsius_max_7d: number | null;
  /** least-squares slope over the samples of memory_temp_celsius; C/day, 1h */
  readonly memory_temp_celsius_trend_1h: number | null;
  /** least-squares slope over the samples of memory_temp_celsius; C/day, 6h */
  readonly memory_temp_celsius_trend_6h: number | null;
  /** least-squares slope over the samples of memory_temp_celsius; C/day, 24h */
  readonly memory_temp_celsius_trend_24h: number | null;
  /** least-squares slope over the samples of memory_temp_celsius; C/day, 7d */
  readonly memory_temp_celsius_trend_7d: number | null;
  /** mean of the samples of power_watts; W, 1h */
  readonly power_watts_mean_1h: number | null;
  /** mean of the samples of power_watts; W, 6h */
  readonly power_watts_mean_6h: number | null;
  /** mean of the samples of power_watts; W, 24h */
  readonly power_watts_mean_24h: number | null;
  /** mean of the samples of power_watts; W, 7d */
  readonly power_watts_mean_7d: number | null;
  /** sample standard deviation (n - 1) of power_watts; W, 1h */
  readonly power_watts_std_1h: number | null;
  /** sample standard deviation (n - 1) of power_watts; W, 6h */
  readonly power_watts_std_6h: number | null;
  /** sample standard deviation (n - 1) of power_watts; W, 24h */
  readonly power_watts_std_24h: number | null;
  /** sample standard deviation (n - 1) of power_watts; W, 7d */
  readonly power_watts_std_7d: number | null;
  /** smallest sample of power_watts; W, 1h */
  readonly power_watts_min_1h: number | null;
  /** smallest sample of power_watts; W, 6h */
  readonly power_watts_min_6h: number | null;
  /** smallest sample of power_watts; W, 24h */
  readonly power_watts_min_24h: number | null;
  /** smallest sample of power_watts; W, 7d */
  readonly power_watts_min_7d: number | null;
  /** largest sample of power_watts; W, 1h */
  readonly power_watts_max_1h: number | null;
  /** largest sample of power_watts; W, 6h */
  readonly power_watts_max_6h: number | null;
  /** largest sample of power_watts; W, 24h */
  readonly power_watts_max_24h: number | null;
  /** largest sample of power_watts; W, 7d */
  readonly power_watts_max_7d: number | null;
  /** least-squares slope over the samples of power_watts; W/day, 1h */
  readonly power_watts_trend_1h: number | null;
  /** least-squares slope over the samples of power_watts; W/day, 6h */
  readonly power_watts_trend_6h: number | null;
  /** least-squares slope over the samples of power_watts; W/day, 24h */
  readonly power_watts_trend_24h: number | null;
  /** least-squares slope over the samples of power_watts; W/day, 7d */
  readonly power_watts_trend_7d: number | null;
  /** mean of the samples of sm_clock_mhz; MHz, 1h */
  readonly sm_clock_mhz_mean_1h: number | null;
  /** mean of the samples of sm_clock_mhz; MHz, 6h */
  readonly sm_clock_mhz_mean_6h: number | null;
  /** mean of the samples of sm_clock_mhz; MHz, 24h */
  readonly sm_clock_mhz_mean_24h: number | null;
  /** mean of the samples of sm_clock_mhz; MHz, 7d */
  readonly sm_clock_mhz_mean_7d: number | null;
  /** sample standard deviation (n - 1) of sm_clock_mhz; MHz, 1h */
  readonly sm_clock_mhz_std_1h: number | null;
  /** sample standard deviation (n - 1) of sm_clock_mhz; MHz, 6h */
  readonly sm_clock_mhz_std_6h: number | null;
  /** sample standard deviation (n - 1) of sm_clock_mhz; MHz, 24h */
  readonly sm_clock_mhz_std_24h: number | null;
  /** sample standard deviation (n - 1) of sm_clock_mhz; MHz, 7d */
  readonly sm_clock_mhz_std_7d: number | null;
  /** smallest sample of sm_clock_mhz; MHz, 1h */
  readonly sm_clock_mhz_min_1h: number | null;
  /** smallest sample of sm_clock_mhz; MHz, 6h */
  readonly sm_clock_mhz_min_6h: number | null;
  /** smallest sample of sm_clock_mhz; MHz, 24h */
  readonly sm_clock_mhz_min_24h: number | null;
  /** smallest sample of sm_clock_mhz; MHz, 7d */
  readonly sm_clock_mhz_min_7d: number | null;
  /** largest sample of sm_clock_mhz; MHz, 1h */
  readonly sm_clock_mhz_max_1h: number | null;
  /** largest sample of sm_clock_mhz; MHz, 6h */
  readonly sm_clock_mhz_max_6h: number | null;
  /** largest sample of sm_clock_mhz; MHz, 24h */
  readonly sm_clock_mhz_max_24h: number | null;
  /** largest sample of sm_clock_mhz; MHz, 7d */
  readonly sm_clock_mhz_max_7d: number | null;
  /** least-squares slope over the samples of sm_clock_mhz; MHz/day, 1h */
  readonly sm_clock_mhz_trend_1h: number | null;
  /** least-squares slope over the samples of sm_clock_mhz; MHz/day, 6h */
  readonly sm_clock_mhz_trend_6h: number | null;
  /** least-squares slope over the samples of sm_clock_mhz; MHz/day, 24h */
  readonly sm_clock_mhz_trend_24h: number | null;
  /** least-squares slope over the samples of sm_clock_mhz; MHz/day, 7d */
  readonly sm_clock_mhz_trend_7d: number | null;
  /** mean of the samples of gpu_util_ratio; ratio, 1h */
  readonly gpu_util_ratio_mean_1h: number | null;
  /** mean of the samples of gpu_util_ratio; ratio, 6h */
  readonly gpu_util_ratio_mean_6h: number | null;
  /** mean of the samples of gpu_util_ratio; ratio, 24h */
  readonly gpu_util_ratio_mean_24h: number | null;
  /** mean of the samples of gpu_util_ratio; ratio, 7d */
  readonly gpu_util_ratio_mean_7d: number | null;
  /** sample standard deviation (n - 1) of gpu_util_ratio; ratio, 1h */
  readonly gpu_util_ratio_std_1h: number | null;
  /** sample standard deviation (n - 1) of gpu_util_ratio; ratio, 6h */
  readonly gpu_util_ratio_std_6h: number | null;
  /** sample standard deviation (n - 1) of gpu_util_ratio; ratio, 24h */
  readonly gpu_util_ratio_std_24h: number | null;
  /** sample standard deviation (n - 1) of gpu_util_ratio; ratio, 7d */
  readonly gpu_util_ratio_std_7d: number | null;
  /** smallest sample of gpu_util_ratio; ratio, 1h */
  readonly gpu_util_ratio_min_1h: number | null;
  /** smallest sample of gpu_util_ratio; ratio, 6h */
  readonly gpu_util_ratio_min_6h: number | null;
  /** smallest sample of gpu_util_ratio; ratio, 24h */
  readonly gpu_util_ratio_min_24h: number | null;
  /** smallest sample of gpu_util_ratio; ratio, 7d */
  readonly gpu_util_ratio_min_7d: number | null;
  /** largest sample of gpu_util_ratio; ratio, 1h */
  readonly gpu_util_ratio_max_1h: number | null;
  /** largest sample of gpu_util_ratio; ratio, 6h */
  readonly gpu_util_ratio_max_6h: number | null;
  /** largest sample of gpu_util_ratio; ratio, 24h */
  readonly gpu_util_ratio_max_24h: number | null;
  /** largest sample of gpu_util_ratio; ratio, 7d */
  readonly gpu_util_ratio_max_7d: number | null;
  /** least-squares slope over the samples of gpu_util_ratio; ratio/day, 1h */
  readonly gpu_util_ratio_trend_1h: number | null;
  /** least-squares slope over the samples of gpu_util_ratio; ratio/day, 6h */
  readonly gpu_util_ratio_trend_6h: number | null;
  /** least-squares slope over the samples of gpu_util_ratio; ratio/day, 24h */
  readonly gpu_util_ratio_trend_24h: number | null;
  /** least-squares slope over the samples of gpu_util_ratio; ratio/day, 7d */
  readonly gpu_util_ratio_trend_7d: number | null;
  /** mean of the samples of memory_util_ratio; ratio, 1h */
  readonly memory_util_ratio_mean_1h: number | null;
  /** mean of the samples of memory_util_ratio; ratio, 6h */
  readonly memory_util_ratio_mean_6h: number | null;
  /** mean of the samples of memory_util_ratio; ratio, 24h */
  readonly memory_util_ratio_mean_24h: number | null;
  /** mean of the samples of memory_util_ratio; ratio, 7d */
  readonly memory_util_ratio_mean_7d: number | null;
  /** sample standard deviation (n - 1) of memory_util_ratio; ratio, 1h */
  readonly memory_util_ratio_std_1h: number | null;
  /** sample standard deviation (n - 1) of memory_util_ratio; ratio, 6h */
  readonly memory_util_ratio_std_6h: number | null;
  /** sample standard deviation (n - 1) of memory_util_ratio; ratio, 24h */
  readonly memory_util_ratio_std_24h: number | null;
  /** sample standard deviation (n - 1) of memory_util_ratio; ratio, 7d */
  readonly memory_util_ratio_std_7d: number | null;
  /** smallest sample of memory_util_ratio; ratio, 1h */
  readonly memory_util_ratio_min_1h: number | null;
  /** smallest sample of memory_util_ratio; ratio, 6h */
  readonly memory_util_ratio_min_6h: number | null;
  /** smallest sample of memory_util_ratio; ratio, 24h */
  readonly memory_util_ratio_min_24h: number | null;
  /** smallest sample of memory_util_ratio; ratio, 7d */
  readonly memory_util_ratio_min_7d: number | null;
  /** largest sample of memory_util_ratio; ratio, 1h */
  readonly memory_util_ratio_max_1h: number | null;
  /** largest sample of memory_util_ratio; ratio, 6h */
  readonly memory_util_ratio_max_6h: number | null;
  /** largest sample of memory_util_ratio; ratio, 24h */
  readonly memory_util_ratio_max_24h: number | null;
  /** largest sample of memory_util_ratio; ratio, 7d */
  readonly memory_util_ratio_max_7d: number | null;
  /** least-squares slope over the samples of memory_util_ratio; ratio/day, 1h */
  readonly memory_util_ratio_trend_1h: number | null;
  /** least-squares slope over the samples of memory_util_ratio; ratio/day, 6h */
  readonly memory_util_ratio_trend_6h: number | null;
  /** least-squares slope over the samples of memory_util_ratio; ratio/day, 24h */
  readonly memory_util_ratio_trend_24h: number | null;
  /** least-squares slope over the samples of memory_util_ratio; ratio/day, 7d */
  readonly memory_util_ratio_trend_7d: number | null;
  /** mean of the samples of sm_active_ratio; ratio, 1h */
  readonly sm_active_ratio_mean_1h: number | null;
  /** mean of the samples of sm_active_ratio; ratio, 6h */
  readonly sm_active_ratio_mean_6h: number | null;
  /** mean of the samples of sm_active_ratio; ratio, 24h */
  readonly sm_active_ratio_mean_24h: number | null;
  /** mean of the samples of sm_active_ratio; ratio, 7d */
  readonly sm_active_ratio_mean_7d: number | null;
  /** sample standard deviation (n - 1) of sm_active_ratio; ratio, 1h */
  readonly sm_active_ratio_std_1h: number | null;
  /** sample standard deviation (n - 1) of sm_active_ratio; ratio, 6h */
  readonly sm_active_ratio_std_6h: number | null;
  /** sample standard deviation (n - 1) of sm_active_ratio; ratio, 24h */
  readonly sm_active_ratio_std_24h: number | null;
  /** sample standard deviation (n - 1) of sm_active_ratio; ratio, 7d */
  readonly sm_active_ratio_std_7d: number | null;
  /** smallest sample of sm_active_ratio; ratio, 1h */
  readonly sm_active_ratio_min_1h: number | null;
  /** smallest sample of sm_active_ratio; ratio, 6h */
  readonly sm_active_ratio_min_6h: number | null;
  /** smallest sample of sm_active_ratio; ratio, 24h */
  readonly sm_active_ratio_min_24h: number | null;
  /** smallest sample of sm_active_ratio; ratio, 7d */
  readonly sm_active_ratio_min_7d: number | null;
  /** largest sample of sm_active_ratio; ratio, 1h */
  readonly sm_active_ratio_max_1h: number | null;
  /** largest sample of sm_active_ratio; ratio, 6h */
  readonly sm_active_ratio_max_6h: number | null;
  /** largest sample of sm_active_ratio; ratio, 24h */
  readonly sm_active_ratio_max_24h: number | null;
  /** largest sample of sm_active_ratio; ratio, 7d */
  readonly sm_active_ratio_max_7d: number | null;
  /** least-squares slope over the samples of sm_active_ratio; ratio/day, 1h */
  readonly sm_active_ratio_trend_1h: number | null;
  /** least-squares slope over the samples of sm_active_ratio; ratio/day, 6h */
  readonly sm_active_ratio_trend_6h: number | null;
  /** least-squares slope over the samples of sm_active_ratio; ratio/day, 24h */
  readonly sm_active_ratio_trend_24h: number | null;
  /** least-squares slope over the samples of sm_active_ratio; ratio/day, 7d */
  readonly sm_active_ratio_trend_7d: number | null;
  /** mean of the samples of dram_active_ratio; ratio, 1h */
  readonly dram_active_ratio_mean_1h: number | null;
  /** mean of the samples of dram_active_ratio; ratio, 6h */
  readonly dram_active_ratio_mean_6h: number | null;
  /** mean of the samples of dram_active_ratio; ratio, 24h */
  readonly dram_active_ratio_mean_24h: number | null;
  /** mean of the samples of dram_active_ratio; ratio, 7d */
  readonly dram_active_ratio_mean_7d: number | null;
  /** sample standard deviation (n - 1) of dram_active_ratio; ratio, 1h */
  readonly dram_active_ratio_std_1h: number | null;
  /** sample standard deviation (n - 1) of dram_active_ratio; ratio, 6h */
  readonly dram_active_ratio_std_6h: number | null;
  /** sample standard deviation (n - 1) of dram_active_ratio; ratio, 24h */
  readonly dram_active_ratio_std_24h: number | null;
  /** sample standard deviation (n - 1) of dram_active_ratio; ratio, 7d */
  readonly dram_active_ratio_std_7d: number | null;
  /** smallest sample of dram_active_ratio; ratio, 1h */
  readonly dram_active_ratio_min_1h: number | null;
  /** smallest sample of dram_active_ratio; ratio, 6h */
  readonly dram_active_ratio_min_6h: number | null;
  /** smallest sample of dram_active_ratio; ratio, 24h */
  readonly dram_active_ratio_min_24h: number | null;
  /** smallest sample of dram_active_ratio; ratio, 7d */
  readonly dram_active_ratio_min_7d: number | null;
  /** largest sample of dram_active_ratio; ratio, 1h */
  readonly dram_active_ratio_max_1h: number | null;
  /** largest sample of dram_active_ratio; ratio, 6h */
  readonly dram_active_ratio_max_6h: number | null;
  /** largest sample of dram_active_ratio; ratio, 24h */
  readonly dram_active_ratio_max_24h: number | null;
  /** largest sample of dram_active_ratio; ratio, 7d */
  readonly dram_active_ratio_max_7d: number | null;
  /** least-squares slope over the samples of dram_active_ratio; ratio/day, 1h */
  readonly dram_active_ratio_trend_1h: number | null;
  /** least-squares slope over the samples of dram_active_ratio; ratio/day, 6h */
  readonly dram_active_ratio_trend_6h: number | null;
  /** least-squares slope over the samples of dram_active_ratio; ratio/day, 24h */
  readonly dram_active_ratio_trend_24h: number | null;
  /** least-squares slope over the samples of dram_active_ratio; ratio/day, 7d */
  readonly dram_active_ratio_trend_7d: number | null;
  /** mean of the samples of sm_occupancy_ratio; ratio, 7d */
  readonly sm_occupancy_ratio_mean_7d: number | null;
  /** sample standard deviation (n - 1) of sm_occupancy_ratio; ratio, 7d */
  readonly sm_occupancy_ratio_std_7d: number | null;
  /** smallest sample of sm_occupancy_ratio; ratio, 7d */
  readonly sm_occupancy_ratio_min_7d: number | null;
  /** largest sample of sm_occupancy_ratio; ratio, 7d */
  readonly sm_occupancy_ratio_max_7d: number | null;
  /** least-squares slope over the samples of sm_occupancy_ratio; ratio/day, 7d */
  readonly sm_occupancy_ratio_trend_7d: number | null;
  /** mean of the samples of gr_engine_active_ratio; ratio, 7d */
  readonly gr_engine_active_ratio_mean_7d: number | null;
  /** sample standard deviation (n - 1) of gr_engine_active_ratio; ratio, 7d */
  readonly gr_engine_active_ratio_std_7d: number | null;
  /** smallest sample of gr_engine_active_ratio; ratio, 7d */
  readonly gr_engine_active_ratio_min_7d: number | null;
  /** largest sample of gr_engine_active_ratio; ratio, 7d */
  readonly gr_engine_active_ratio_max_7d: number | null;
  /** least-squares slope over the samples of gr_engine_active_ratio; ratio/day, 7d */
  readonly gr_engine_active_ratio_trend_7d: number | null;
  /** rises of energy_joules_total / days between the first and last sample; a fall adds nothing; J/day, 24h */
  readonly energy_joules_per_day_24h: number | null;
  /** rises of energy_joules_total / days between the first and last sample; a fall adds nothing; J/day, 7d */
  readonly energy_joules_per_day_7d: number | null;
  /** rises of pcie_replay_total / days between the first and last sample; a fall adds nothing; count/day, 24h */
  readonly pcie_replay_per_day_24h: number | null;
  /** rises of pcie_replay_total / days between the first and last sample; a fall adds nothing; count/day, 7d */
  readonly pcie_replay_per_day_7d: number | null;
  /** rises of nvlink_crc_flit_errors_total / days between the first and last sample; a fall adds nothing; count/day, 24h */
  readonly nvlink_crc_flit_errors_per_day_24h: number | null;
  /** rises of nvlink_crc_flit_errors_total / days between the first and last sample; a fall adds nothing; count/day, 7d */
  readonly nvlink_crc_flit_errors_per_day_7d: number | null;
  /** rises of nvlink_crc_data_errors_total / days between the first and last sample; a fall adds nothing; count/day, 24h */
  readonly nvlink_crc_data_errors_per_day_24h: number | null;
  /** rises of nvlink_crc_data_errors_total / days between the first and last sample; a fall adds nothing; count/day, 7d */
  readonly nvlink_crc_data_errors_per_day_7d: number | null;
  /** rises of nvlink_replay_errors_total / days between the first and last sample; a fall adds nothing; count/day, 24h */
  readonly nvlink_replay_errors_per_day_24h: number | null;
  /** rises of nvlink_replay_errors_total / days between the first and last sample; a fall adds nothing; count/day, 7d */
  readonly nvlink_replay_errors_per_day_7d: number | null;
  /** rises of nvlink_recovery_errors_total / days between the first and last sample; a fall adds nothing; count/day, 24h */
  readonly nvlink_recovery_errors_per_day_24h: number | null;
  /** rises of nvlink_recovery_errors_total / days between the first and last sample; a fall adds nothing; count/day, 7d */
  readonly nvlink_recovery_errors_per_day_7d: number | null;
  /** rises of ecc_sbe_volatile_total / days between the first and last sample; a fall adds nothing; count/day, 24h */
  readonly ecc_sbe_volatile_per_day_24h: number | null;
  /** rises of ecc_sbe_volatile_total / days between the first and last sample; a fall adds nothing; count/day, 7d */
  readonly ecc_sbe_volatile_per_day_7d: number | null;
  /** rises of ecc_dbe_volatile_total / days between the first and last sample; a fall adds nothing; count/day, 24h */
  readonly ecc_dbe_volatile_per_day_24h: number | null;
  /** rises of ecc_dbe_volatile_total / days between the first and last sample; a fall adds nothing; count/day, 7d */
  readonly ecc_dbe_volatile_per_day_7d: number | null;
  /** rises of ecc_sbe_aggregate_total / days between the first and last sample; a fall adds nothing; count/day, 24h */
  readonly ecc_sbe_aggregate_per_day_24h: number | null;
  /** rises of ecc_sbe_aggregate_total / days between the first and last sample; a fall adds nothing; count/day, 7d */
  readonly ecc_sbe_aggregate_per_day_7d: number | null;
  /** rises of ecc_dbe_aggregate_total / days between the first and last sample; a fall adds nothing; count/day, 24h */
  readonly ecc_dbe_aggregate_per_day_24h: number | null;
  /** rises of ecc_dbe_aggregate_total / days between the first and last sample; a fall adds nothing; count/day, 7d */
  readonly ecc_dbe_aggregate_per_day_7d: number | null;
  /** rises of retired_pages_sbe_total / days between the first and last sample; a fall adds nothing; pages/day, 24h */
  readonly retired_pages_sbe_per_day_24h: number | null;
  /** rises of retired_pages_sbe_total / days between the first and last sample; a fall adds nothing; pages/day, 7d */
  readonly retired_pages_sbe_per_day_7d: number | null;
  /** rises of retired_pages_dbe_total / days between the first and last sample; a fall adds nothing; pages/day, 24h */
  readonly retired_pages_dbe_per_day_24h: number | null;
  /** rises of retired_pages_dbe_total / days between the first and last sample; a fall adds nothing; pages/day, 7d */
  readonly retired_pages_dbe_per_day_7d: number | null;
  /** rises of remapped_rows_uncorrectable_total / days between the first and last sample; a fall adds nothing; rows/day, 24h */
  readonly remapped_rows_uncorrectable_per_day_24h: number | null;
  /** rises of remapped_rows_uncorrectable_total / days between the first and last sample; a fall adds nothing; rows/day, 7d */
  readonly remapped_rows_uncorrectable_per_day_7d: number | null;
  /** rises of remapped_rows_correctable_total / days between the first and last sample; a fall adds nothing; rows/day, 24h */
  readonly remapped_rows_correctable_per_day_24h: number | null;
  /** rises of remapped_rows_correctable_total / days between the first and last sample; a fall adds nothing; rows/day, 7d */
  readonly remapped_rows_correctable_per_day_7d: number | null;
  /** rises of power_violation_ns_total x 1e-9 / days between the first and last sample; a fall adds nothing; s/day, 24h */
  readonly power_violation_seconds_per_day_24h: number | null;
  /** rises of power_violation_ns_total x 1e-9 / days between the first and last sample; a fall adds nothing; s/day, 7d */
  readonly power_violation_seconds_per_day_7d: number | null;
  /** rises of thermal_violation_ns_total x 1e-9 / days between the first and last sample; a fall adds nothing; s/day, 24h */
  readonly thermal_violation_seconds_per_day_24h: number | null;
  /** rises of thermal_violation_ns_total x 1e-9 / days between the first and last sample; a fall adds nothing; s/day, 7d */
  readonly thermal_violation_seconds_per_day_7d: number | null;
  /** rises of sync_boost_violation_ns_total x 1e-9 / days between the first and last sample; a fall adds nothing; s/day, 24h */
  readonly sync_boost_violation_seconds_per_day_24h: number | null;
  /** rises of sync_boost_violation_ns_total x 1e-9 / days between the first and last sample; a fall adds nothing; s/day, 7d */
  readonly sync_boost_violation_seconds_per_day_7d: number | null;
  /** rises of board_limit_violation_ns_total x 1e-9 / days between the first and last sample; a fall adds nothing; s/day, 24h */
  readonly board_limit_violation_seconds_per_day_24h: number | null;
  /** rises of board_limit_violation_ns_total x 1e-9 / days between the first and last sample; a fall adds nothing; s/day, 7d */
  readonly board_limit_violation_seconds_per_day_7d: number | null;
  /** rises of reliability_violation_ns_total x 1e-9 / days between the first and last sample; a fall adds nothing; s/day, 24h */
  readonly reliability_violation_seconds_per_day_24h: number | null;
  /** rises of reliability_violation_ns_total x 1e-9 / days between the first and last sample; a fall adds nothing; s/day, 7d */
  readonly reliability_violation_seconds_per_day_7d: number | null;
  /** mean of gpu_temp_celsius less the median of that mean over the node's other boards of the same model, of which there are 2 or more; C, 1h */
  readonly gpu_temp_celsius_peer_deviation_1h: number | null;
  /** mean of memory_temp_celsius less the median of that mean over the node's other boards of the same model, of which there are 2 or more; C, 1h */
  readonly memory_temp_celsius_peer_deviation_1h: number | null;
  /** mean of power_watts less the median of that mean over the node's other boards of the same model, of which there are 2 or more; W, 1h */
  readonly power_watts_peer_deviation_1h: number | null;
  /** mean of sm_clock_mhz less the median of that mean over the node's other boards of the same model, of which there are 2 or more; MHz, 1h */
  readonly sm_clock_mhz_peer_deviation_1h: number | null;
  /** mean of sm_active_ratio less the median of that mean over the node's other boards of the same model, of which there are 2 or more; ratio, 1h */
  readonly sm_active_ratio_peer_deviation_1h: number | null;
  /** largest less smallest mean of gpu_temp_celsius by hour of the day (UTC), each further day weighing 1/7, once 12 hours are known; C, now */
  readonly gpu_temp_celsius_hour_contrast: number | null;
  /** largest less smallest mean of power_watts by hour of the day (UTC), each further day weighing 1/7, once 12 hours are known; W, now */
  readonly power_watts_hour_contrast: number | null;
  /** largest less smallest mean of gpu_util_ratio by hour of the day (UTC), each further day weighing 1/7, once 12 hours are known; ratio, now */
  readonly gpu_util_ratio_hour_contrast: number | null;
  /** samples, a repeated instant once; count, 7d */
  readonly samples_7d: number | null;
  /** time in samples / time since the later of first sample and start of the window; ratio, 7d */
  readonly coverage_ratio_7d: number | null;
  /** the GPU's usual time between samples; s, now */
  readonly cadence_seconds: number | null;
  /** silences longer than 5 minutes and 3 cadences; count, 7d */
  readonly gap_count_7d: number | null;
  /** time missing in those silences; h, 7d */
  readonly gap_hours_7d: number | null;
  /** samples that came after a newer one; count, 7d */
  readonly late_samples_7d: number | null;
  /** mean time by which they came late; s, 7d */
  readonly late_seconds_mean_7d: number | null;
  /** time in samples: each stands for the time since the one before, after a silence for one cadence; h, 7d */
  readonly samples_hours_7d: number | null;
};

export type Finding = {
  readonly part: string;
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly what: string;
  /** What to do about it; empty when there is nothing to do. */
  readonly action: string;
  readonly code: string | null;
  /** Measured values by name, units last. */
  readonly figures: Readonly<Record<string, number | string | null>>;
};

export type FleetGroup = {
  /** Value of what is grouped by; empty where it is not known. */
  readonly group: string;
  /** GPUs and MIG instances in the list. */
  readonly gpus: number;
  readonly nodes_total: number;
  readonly stale: number;
  /** Sum over boards. */
  readonly power_watts: number;
  readonly mean_gpu_temp_celsius: number | null;
  readonly mean_gpu_util_ratio: number | null;
  readonly open_info: number;
  readonly open_warning: number;
  readonly open_critical: number;
  readonly worst_severity: 'info' | 'warning' | 'critical' | null;
  readonly grades: {
    readonly excellent: number;
    readonly good: number;
    readonly fair: number;
    readonly degraded: number;
    readonly poor: number;
    readonly critical: number;
    readonly unknown: number;
  };
  readonly mean_score: number | null;
  /** Who has the lowest score. */
  readonly worst: {
    readonly gpu_uuid: string;
    readonly instance: string;
    readonly node: string;
    readonly overall_score: number;
    readonly health_grade: string;
  } | null;
  /** Sum over boards of the probability to fail within 7 days; null while nothing is foreseen. */
  readonly expected_failures_7d: number | null;
  readonly expected_failures_30d: number | null;
  /** Sum over boards of what their best option is worth; null while nothing is decided. */
  readonly expected_value_usd: number | null;
  readonly value_at_risk_usd_per_hour: number | null;
};

export type FleetMoney = {
  readonly total: {
    readonly boards: number;
    readonly expected_value_usd: number;
    /** How much more than keeping all of them. */
    readonly gain_over_keep_usd: number;
    readonly value_at_risk_usd_per_hour: number;
  };
  readonly by_decision: {
    readonly keep: {
      readonly boards: number;
      readonly expected_value_usd: number;
      /** How much more than keeping all of them. */
      readonly gain_over_keep_usd: number;
      readonly value_at_risk_usd_per_hour: number;
    };
    readonly sell: {
      readonly boards: number;
      readonly expected_value_usd: number;
      /** How much more than keeping all of them. */
      readonly gain_over_keep_usd: number;
      readonly value_at_risk_usd_per_hour: number;
    };
    readonly repurpose: {
      readonly boards: number;
      readonly expected_value_usd: number;
      /** How much more than keeping all of them. */
      readonly gain_over_keep_usd: number;
      readonly value_at_risk_usd_per_hour: number;
    };
    readonly decommission: {
      readonly boards: number;
      readonly expected_value_usd: number;
      /** How much more than keeping all of them. */
      readonly gain_over_keep_usd: number;
      readonly value_at_risk_usd_per_hour: number;
    };
  };
  readonly by_advice: Readonly<Record<string, {
    readonly boards: number;
    readonly expected_value_usd: number;
    /** How much more than keeping all of them. */
    readonly gain_over_keep_usd: number;
    readonly value_at_risk_usd_per_hour: number;
  }>>;
  readonly most_at_risk: readonly {
    readonly gpu_uuid: string;
    readonly node: string;
    readonly decision: 'keep' | 'sell' | 'repurpose' | 'decommission';
    readonly advice: string;
    readonly npv_keep: number;
    readonly expected_value: number;
    readonly value_at_risk_usd_per_hour: number;
    readonly rationale: string;
  }[];
};

export type FleetQuantiles = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  /** Model; empty for the whole fleet. */
  readonly model: string;
  /** Metric. */
  readonly metric: string;
  /** Start of the hour that is counted. */
  readonly hour_ts: string | null;
  /** Readings counted. */
  readonly count: number | null;
  /** 1th percentile. */
  readonly p01: number | null;
  /** 5th percentile. */
  readonly p05: number | null;
  /** 25th percentile. */
  readonly p25: number | null;
  /** 50th percentile. */
  readonly p50: number | null;
  /** 75th percentile. */
  readonly p75: number | null;
  /** 95th percentile. */
  readonly p95: number | null;
  /** 99th percentile. */
  readonly p99: number | null;
};

export type FleetRisk = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  /** 0..1. */
  readonly failure_prob_7d: number | null;
  /** 0..1. */
  readonly failure_prob_30d: number | null;
  /** 0..1. */
  readonly failure_prob_90d: number | null;
  /** memory, thermal, power or other. */
  readonly predicted_failure_type: string;
  /** Median time to failure. */
  readonly estimated_ttf_days: number | null;
  /** 0..1. */
  readonly confidence: number | null;
  readonly model_name: string;
  readonly model_version: string;
  readonly explanation: string;
  /** Of the board; null: none yet. */
  readonly decision: 'keep' | 'sell' | 'repurpose' | 'decommission' | null;
  /** Of the board; empty: none yet. */
  readonly advice: string;
  /** Of the board. */
  readonly value_at_risk_usd_per_hour: number | null;
  /** failure_prob_30d x value_at_risk_usd_per_hour: what the list is ranked by. */
  readonly priority: number | null;
};

export type FleetSummary = {
  /** Latest event time seen. */
  readonly ts: string | null;
  /** GPUs and MIG instances in the list. */
  readonly gpus: number;
  readonly stale: number;
  /** Sum over boards. */
  readonly power_watts: number;
  readonly mean_gpu_temp_celsius: number | null;
  readonly open_info: number;
  readonly open_warning: number;
  readonly open_critical: number;
  readonly nodes_total: number;
  readonly mean_gpu_util_ratio: number | null;
  /** GPUs whose worst open anomaly is critical. */
  readonly gpus_with_critical: number;
  readonly gpus_with_warning: number;
  readonly gpus_with_info: number;
  readonly gpus_without_anomaly: number;
  /** From the newest scores, at most ten seconds old; null while they are not known. */
  readonly health: {
    /** 0..100 over all GPUs that have a score. */
    readonly mean_score: number | null;
    readonly grades: {
      readonly excellent: number;
      readonly good: number;
      readonly fair: number;
      readonly degraded: number;
      readonly poor: number;
      readonly critical: number;
      readonly unknown: number;
    };
    readonly open_incidents: number;
  } | null;
  /** Sum over boards of the probability to fail within 7 days; null while nothing is foreseen. */
  readonly expected_failures_7d: number | null;
  readonly expected_failures_30d: number | null;
  /** Sum over boards of what their best option is worth; null while nothing is decided. */
  readonly expected_value_usd: number | null;
  readonly value_at_risk_usd_per_hour: number | null;
  readonly models: readonly {
    readonly model: string;
    /** GPUs and MIG instances in the list. */
    readonly gpus: number;
    readonly stale: number;
    /** Sum over boards. */
    readonly power_watts: number;
    readonly mean_gpu_temp_celsius: number | null;
    readonly open_info: number;
    readonly open_warning: number;
    readonly open_critical: number;
  }[];
  readonly nodes: readonly {
    readonly node: string;
    /** GPUs and MIG instances in the list. */
    readonly gpus: number;
    readonly stale: number;
    /** Sum over boards. */
    readonly power_watts: number;
    readonly mean_gpu_temp_celsius: number | null;
    readonly open_info: number;
    readonly open_warning: number;
    readonly open_critical: number;
  }[];
  readonly group_by?: 'cluster' | 'rack' | 'node' | 'model' | 'owner' | 'tenant' | 'job' | undefined;
  /** With group_by: by name. What concerns a board counts once a board and group; verdicts are at most ten seconds old. */
  readonly groups?: readonly FleetGroup[] | undefined;
};

export type Forecast = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  /** GPU identity. */
  readonly gpu_uuid: string;
  /** Host. */
  readonly node: string;
  /** MIG's GPU_I_ID; empty for the whole board. */
  readonly instance: string;
  /** Metric or feature. */
  readonly metric: string;
  /** How far ahead of ts, ms. */
  readonly horizon_ms: number | null;
  /** Expected value. */
  readonly expected: number | null;
  /** Lower end of the 80 % band. */
  readonly low: number | null;
  /** Upper end of the 80 % band. */
  readonly high: number | null;
  /** Limit that matters; null where there is none. */
  readonly limit: number | null;
  /** When the limit is expected to be reached; null when not within two weeks. */
  readonly eta_ts: string | null;
  /** One sentence with numbers and units. */
  readonly explanation: string;
};

export type GpuSummary = {
  /** Event time of the latest sample; null when there was none yet. */
  readonly ts: string | null;
  readonly gpu_uuid: string;
  readonly node: string;
  /** MIG's GPU_I_ID; empty for the whole board. */
  readonly instance: string;
  readonly model: string;
  readonly slot: string;
  /** GPU die temperature. (C) */
  readonly gpu_temp_celsius: number | null;
  /** HBM temperature; 0 means that the board has no such sensor. (C) */
  readonly memory_temp_celsius: number | null;
  /** Board power draw. (W) */
  readonly power_watts: number | null;
  /** Enforced power limit, else the requested one. (W) */
  readonly power_limit_watts: number | null;
  /** Share of time in which a kernel ran. (ratio) */
  readonly gpu_util_ratio: number | null;
  /** Share of time in which the graphics or compute engine was busy. (ratio) */
  readonly gr_engine_active_ratio: number | null;
  /** Share of time in which device memory was read or written. (ratio) */
  readonly memory_util_ratio: number | null;
  /** Framebuffer in use (exporters send MiB). (bytes) */
  readonly fb_used_bytes: number | null;
  /** Framebuffer free (exporters send MiB). (bytes) */
  readonly fb_free_bytes: number | null;
  /** SM clock. (MHz) */
  readonly sm_clock_mhz: number | null;
  /** Why the clocks are held back: 1 idle, 2 application clocks, 4 SW power cap, 8 HW slowdown, 16 sync boost, 32 SW thermal, 64 HW thermal, 128 HW power brake, 256 display. (bitmask) */
  readonly throttle_reasons: number | null;
  /** The last XID: latched, so an event is a change of it. (XID) */
  readonly xid_last: number | null;
  /** Open anomalies of severity info. */
  readonly open_info: number;
  readonly open_warning: number;
  readonly open_critical: number;
  /** Of the open anomalies; null when there are none. */
  readonly worst_severity: 'info' | 'warning' | 'critical' | null;
  /** Event time of the last sample when it is too old; else null. */
  readonly stale_since: string | null;
  /** 0..100; null when unknown, or when the last score is an hour older than the sample. */
  readonly overall_score: number | null;
  readonly health_grade: 'excellent' | 'good' | 'fair' | 'degraded' | 'poor' | 'critical' | 'unknown' | null;
  /** 0..1; null when nothing was foreseen within a day. */
  readonly failure_prob_7d: number | null;
  readonly failure_prob_30d: number | null;
  /** About the whole board. */
  readonly decision: 'keep' | 'sell' | 'repurpose' | 'decommission' | null;
};

export type HealthScore = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  /** GPU identity. */
  readonly gpu_uuid: string;
  /** Host. */
  readonly node: string;
  /** MIG's GPU_I_ID; empty for the whole board. */
  readonly instance: string;
  /** 0..100 to one decimal; null when nothing is known. */
  readonly overall_score: number | null;
  /** 0..100; null when nothing is known of memory. */
  readonly memory_health: number | null;
  /** 0..100; null when nothing is known of thermal. */
  readonly thermal_health: number | null;
  /** 0..100; null when nothing is known of performance. */
  readonly performance_health: number | null;
  /** 0..100; null when nothing is known of power. */
  readonly power_health: number | null;
  /** 0..100; null when nothing is known of reliability. */
  readonly reliability_health: number | null;
  /** excellent, good, fair, degraded, poor, critical or unknown. */
  readonly health_grade: 'excellent' | 'good' | 'fair' | 'degraded' | 'poor' | 'critical' | 'unknown';
  /** What pulls it down, as a list of names. */
  readonly degradation_factors: readonly string[] | null;
  /** 0..1: how much of what the score needs was there. */
  readonly confidence: number | null;
  /** 0..1. */
  readonly memory_confidence: number | null;
  /** 0..1. */
  readonly thermal_confidence: number | null;
  /** 0..1. */
  readonly performance_confidence: number | null;
  /** 0..1. */
  readonly power_confidence: number | null;
  /** 0..1. */
  readonly reliability_confidence: number | null;
  /** Points lost: dimension, points, metric, value, limit, unit, window, action. */
  readonly contributions: readonly {
    readonly dimension: string;
    readonly points: number;
    readonly metric: string;
    readonly value: number | null;
    readonly limit: number | null;
    readonly unit: string;
    readonly window: string;
    readonly action: string;
  }[] | null;
  /** The verdict in a sentence with numbers. */
  readonly explanation: string;
  /** Recovery action. */
  readonly action: string;
  /** default or reference. */
  readonly profile: 'default' | 'reference';
};

export type Incident = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  /** GPU identity. */
  readonly gpu_uuid: string;
  /** Host. */
  readonly node: string;
  /** Stable id from its cause. */
  readonly id: string;
  /** gpu, node, nvlink_domain, rack or job. */
  readonly scope: 'gpu' | 'node' | 'nvlink_domain' | 'rack' | 'job';
  /** What the scope is called. */
  readonly origin: string;
  /** As of its episodes. */
  readonly category: string;
  /** info, warning or critical. */
  readonly severity: 'info' | 'warning' | 'critical';
  /** open or closed. */
  readonly state: 'open' | 'closed';
  /** UUIDs, in the order of joining. */
  readonly gpus: readonly string[] | null;
  /** Hosts. */
  readonly nodes: readonly string[] | null;
  /** Ids. */
  readonly episodes: readonly string[] | null;
  /** Why this origin: sentences with numbers. */
  readonly evidence: readonly string[] | null;
  /** Recovery action. */
  readonly action: string;
  /** One sentence. */
  readonly summary: string;
  /** First event. */
  readonly opened_at: string | null;
  /** When all its episodes had ended; null while open. */
  readonly closed_at: string | null;
};

export type InjectRequest = {
  readonly story: string;
  readonly gpu_uuid: string;
};

export type InjectableStory = {
  readonly name: string;
  readonly category: string;
  readonly description: string;
};

export type InjectedStory = {
  readonly id: string;
  readonly story: string;
  readonly gpu_uuid: string;
  /** In the fleet's own time. */
  readonly since: string;
  /** UTC, ISO 8601 with milliseconds. */
  readonly until: string;
};

export type MetricList = {
  readonly items: readonly MetricRow[];
  /** Cursor of the next page; null on the last one. */
  readonly next: string | null;
  /** Items that match, over all pages. */
  readonly total: number;
  /** What was read. */
  readonly resolution: 'raw' | '1m' | '5m' | '1h';
};

export type MetricRow = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly gpu_temp_celsius?: number | null | undefined;
  readonly gpu_temp_celsius_avg?: number | null | undefined;
  readonly gpu_temp_celsius_min?: number | null | undefined;
  readonly gpu_temp_celsius_max?: number | null | undefined;
  readonly memory_temp_celsius?: number | null | undefined;
  readonly memory_temp_celsius_avg?: number | null | undefined;
  readonly memory_temp_celsius_min?: number | null | undefined;
  readonly memory_temp_celsius_max?: number | null | undefined;
  readonly temp_margin_celsius?: number | null | undefined;
  readonly temp_margin_celsius_avg?: number | null | undefined;
  readonly temp_margin_celsius_min?: number | null | undefined;
  readonly temp_margin_celsius_max?: number | null | undefined;
  readonly power_watts?: number | null | undefined;
  readonly power_watts_avg?: number | null | undefined;
  readonly power_watts_min?: number | null | undefined;
  readonly power_watts_max?: number | null | undefined;
  readonly power_limit_watts?: number | null | undefined;
  readonly power_limit_watts_avg?: number | null | undefined;
  readonly power_limit_watts_min?: number | null | undefined;
  readonly power_limit_watts_max?: number | null | undefined;
  readonly energy_joules_total?: number | null | undefined;
  readonly energy_joules_total_min?: number | null | undefined;
  readonly energy_joules_total_max?: number | null | undefined;
  readonly sm_clock_mhz?: number | null | undefined;
  readonly sm_clock_mhz_avg?: number | null | undefined;
  readonly sm_clock_mhz_min?: number | null | undefined;
  readonly sm_clock_mhz_max?: number | null | undefined;
  readonly memory_clock_mhz?: number | null | undefined;
  readonly memory_clock_mhz_avg?: number | null | undefined;
  readonly memory_clock_mhz_min?: number | null | undefined;
  readonly memory_clock_mhz_max?: number | null | undefined;
  readonly gpu_util_ratio?: number | null | undefined;
  readonly gpu_util_ratio_avg?: number | null | undefined;
  readonly gpu_util_ratio_min?: number | null | undefined;
  readonly gpu_util_ratio_max?: number | null | undefined;
  readonly memory_util_ratio?: number | null | undefined;
  readonly memory_util_ratio_avg?: number | null | undefined;
  readonly memory_util_ratio_min?: number | null | undefined;
  readonly memory_util_ratio_max?: number | null | undefined;
  readonly encoder_util_ratio?: number | null | undefined;
  readonly encoder_util_ratio_avg?: number | null | undefined;
  readonly encoder_util_ratio_min?: number | null | undefined;
  readonly encoder_util_ratio_max?: number | null | undefined;
  readonly decoder_util_ratio?: number | null | undefined;
  readonly decoder_util_ratio_avg?: number | null | undefined;
  readonly decoder_util_ratio_min?: number | null | undefined;
  readonly decoder_util_ratio_max?: number | null | undefined;
  readonly fb_used_bytes?: number | null | undefined;
  readonly fb_used_bytes_avg?: number | null | undefined;
  readonly fb_used_bytes_min?: number | null | undefined;
  readonly fb_used_bytes_max?: number | null | undefined;
  readonly fb_free_bytes?: number | null | undefined;
  readonly fb_free_bytes_avg?: number | null | undefined;
  readonly fb_free_bytes_min?: number | null | undefined;
  readonly fb_free_bytes_max?: number | null | undefined;
  readonly fb_reserved_bytes?: number | null | undefined;
  readonly fb_reserved_bytes_avg?: number | null | undefined;
  readonly fb_reserved_bytes_min?: number | null | undefined;
  readonly fb_reserved_bytes_max?: number | null | undefined;
  readonly gr_engine_active_ratio?: number | null | undefined;
  readonly gr_engine_active_ratio_avg?: number | null | undefined;
  readonly gr_engine_active_ratio_min?: number | null | undefined;
  readonly gr_engine_active_ratio_max?: number | null | undefined;
  readonly sm_active_ratio?: number | null | undefined;
  readonly sm_active_ratio_avg?: number | null | undefined;
  readonly sm_active_ratio_min?: number | null | undefined;
  readonly sm_active_ratio_max?: number | null | undefined;
  readonly sm_occupancy_ratio?: number | null | undefined;
  readonly sm_occupancy_ratio_avg?: number | null | undefined;
  readonly sm_occupancy_ratio_min?: number | null | undefined;
  readonly sm_occupancy_ratio_max?: number | null | undefined;
  readonly tensor_active_ratio?: number | null | undefined;
  readonly tensor_active_ratio_avg?: number | null | undefined;
  readonly tensor_active_ratio_min?: number | null | undefined;
  readonly tensor_active_ratio_max?: number | null | undefined;
  readonly dram_active_ratio?: number | null | undefined;
  readonly dram_active_ratio_avg?: number | null | undefined;
  readonly dram_active_ratio_min?: number | null | undefined;
  readonly dram_active_ratio_max?: number | null | undefined;
  readonly pcie_tx_bytes_per_second?: number | null | undefined;
  readonly pcie_tx_bytes_per_second_avg?: number | null | undefined;
  readonly pcie_tx_bytes_per_second_min?: number | null | undefined;
  readonly pcie_tx_bytes_per_second_max?: number | null | undefined;
  readonly pcie_rx_bytes_per_second?: number | null | undefined;
  readonly pcie_rx_bytes_per_second_avg?: number | null | undefined;
  readonly pcie_rx_bytes_per_second_min?: number | null | undefined;
  readonly pcie_rx_bytes_per_second_max?: number | null | undefined;
  readonly nvlink_tx_bytes_per_second?: number | null | undefined;
  readonly nvlink_tx_bytes_per_second_avg?: number | null | undefined;
  readonly nvlink_tx_bytes_per_second_min?: number | null | undefined;
  readonly nvlink_tx_bytes_per_second_max?: number | null | undefined;
  readonly nvlink_rx_bytes_per_second?: number | null | undefined;
  readonly nvlink_rx_bytes_per_second_avg?: number | null | undefined;
  readonly nvlink_rx_bytes_per_second_min?: number | null | undefined;
  readonly nvlink_rx_bytes_per_second_max?: number | null | undefined;
  readonly nvlink_bandwidth_mb_per_second?: number | null | undefined;
  readonly nvlink_bandwidth_mb_per_second_avg?: number | null | undefined;
  readonly nvlink_bandwidth_mb_per_second_min?: number | null | undefined;
  readonly nvlink_bandwidth_mb_per_second_max?: number | null | undefined;
  readonly pcie_replay_total?: number | null | undefined;
  readonly pcie_replay_total_min?: number | null | undefined;
  readonly pcie_replay_total_max?: number | null | undefined;
  readonly pcie_link_gen?: number | null | undefined;
  readonly pcie_link_gen_avg?: number | null | undefined;
  readonly pcie_link_gen_min?: number | null | undefined;
  readonly pcie_link_gen_max?: number | null | undefined;
  readonly pcie_link_width?: number | null | undefined;
  readonly pcie_link_width_avg?: number | null | undefined;
  readonly pcie_link_width_min?: number | null | undefined;
  readonly pcie_link_width_max?: number | null | undefined;
  readonly pcie_max_link_gen?: number | null | undefined;
  readonly pcie_max_link_gen_avg?: number | null | undefined;
  readonly pcie_max_link_gen_min?: number | null | undefined;
  readonly pcie_max_link_gen_max?: number | null | undefined;
  readonly pcie_max_link_width?: number | null | undefined;
  readonly pcie_max_link_width_avg?: number | null | undefined;
  readonly pcie_max_link_width_min?: number | null | undefined;
  readonly pcie_max_link_width_max?: number | null | undefined;
  readonly nvlink_crc_flit_errors_total?: number | null | undefined;
  readonly nvlink_crc_flit_errors_total_min?: number | null | undefined;
  readonly nvlink_crc_flit_errors_total_max?: number | null | undefined;
  readonly nvlink_crc_data_errors_total?: number | null | undefined;
  readonly nvlink_crc_data_errors_total_min?: number | null | undefined;
  readonly nvlink_crc_data_errors_total_max?: number | null | undefined;
  readonly nvlink_replay_errors_total?: number | null | undefined;
  readonly nvlink_replay_errors_total_min?: number | null | undefined;
  readonly nvlink_replay_errors_total_max?: number | null | undefined;
  readonly nvlink_recovery_errors_total?: number | null | undefined;
  readonly nvlink_recovery_errors_total_min?: number | null | undefined;
  readonly nvlink_recovery_errors_total_max?: number | null | undefined;
  readonly ecc_sbe_volatile_total?: number | null | undefined;
  readonly ecc_sbe_volatile_total_min?: number | null | undefined;
  readonly ecc_sbe_volatile_total_max?: number | null | undefined;
  readonly ecc_dbe_volatile_total?: number | null | undefined;
  readonly ecc_dbe_volatile_total_min?: number | null | undefined;
  readonly ecc_dbe_volatile_total_max?: number | null | undefined;
  readonly ecc_sbe_aggregate_total?: number | null | undefined;
  readonly ecc_sbe_aggregate_total_min?: number | null | undefined;
  readonly ecc_sbe_aggregate_total_max?: number | null | undefined;
  readonly ecc_dbe_aggregate_total?: number | null | undefined;
  readonly ecc_dbe_aggregate_total_min?: number | null | undefined;
  readonly ecc_dbe_aggregate_total_max?: number | null | undefined;
  readonly retired_pages_sbe_total?: number | null | undefined;
  readonly retired_pages_sbe_total_min?: number | null | undefined;
  readonly retired_pages_sbe_total_max?: number | null | undefined;
  readonly retired_pages_dbe_total?: number | null | undefined;
  readonly retired_pages_dbe_total_min?: number | null | undefined;
  readonly retired_pages_dbe_total_max?: number | null | undefined;
  readonly retired_pages_pending?: number | null | undefined;
  readonly retired_pages_pending_max?: number | null | undefined;
  readonly remapped_rows_uncorrectable_total?: number | null | undefined;
  readonly remapped_rows_uncorrectable_total_min?: number | null | undefined;
  readonly remapped_rows_uncorrectable_total_max?: number | null | undefined;
  readonly remapped_rows_correctable_total?: number | null | undefined;
  readonly remapped_rows_correctable_total_min?: number | null | undefined;
  readonly remapped_rows_correctable_total_max?: number | null | undefined;
  readonly row_remap_failed?: number | null | undefined;
  readonly row_remap_failed_max?: number | null | undefined;
  readonly row_remap_pending?: number | null | undefined;
  readonly row_remap_pending_max?: number | null | undefined;
  readonly throttle_reasons?: number | null | undefined;
  readonly power_violation_ns_total?: number | null | undefined;
  readonly power_violation_ns_total_min?: number | null | undefined;
  readonly power_violation_ns_total_max?: number | null | undefined;
  readonly thermal_violation_ns_total?: number | null | undefined;
  readonly thermal_violation_ns_total_min?: number | null | undefined;
  readonly thermal_violation_ns_total_max?: number | null | undefined;
  readonly sync_boost_violation_ns_total?: number | null | undefined;
  readonly sync_boost_violation_ns_total_min?: number | null | undefined;
  readonly sync_boost_violation_ns_total_max?: number | null | undefined;
  readonly board_limit_violation_ns_total?: number | null | undefined;
  readonly board_limit_violation_ns_total_min?: number | null | undefined;
  readonly board_limit_violation_ns_total_max?: number | null | undefined;
  readonly reliability_violation_ns_total?: number | null | undefined;
  readonly reliability_violation_ns_total_min?: number | null | undefined;
  readonly reliability_violation_ns_total_max?: number | null | undefined;
  readonly xid_last?: number | null | undefined;
  readonly recovery_action?: number | null | undefined;
  readonly recovery_action_avg?: number | null | undefined;
  readonly recovery_action_min?: number | null | undefined;
  readonly recovery_action_max?: number | null | undefined;
};

export type Model = {
  /** A number of the registry, shipped-N, or heuristic. */
  readonly version: string;
  readonly name: string;
  readonly trained_on: 'simulated' | 'real' | 'mixed' | 'unknown' | 'nothing';
  /** UTC, ISO 8601 with milliseconds. */
  readonly created_at: string | null;
  /** champion judges; challenger judges a share of the GPUs. */
  readonly aliases: readonly string[];
  /** Share 0..1 of the GPUs that it judges now. */
  readonly judges_ratio: number;
  /** Of its training, on later data of other GPUs. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly lineage: {
    /** UTC, ISO 8601 with milliseconds. */
    readonly data_from: string | null;
    /** UTC, ISO 8601 with milliseconds. */
    readonly data_to: string | null;
    readonly rows: number | null;
    readonly gpus: number | null;
    readonly positives: number | null;
    readonly feature_version: string | null;
    readonly seed: number | null;
    readonly commit: string | null;
    readonly params: Readonly<Record<string, unknown>>;
    /** Why it was trained; null: nobody noted it. */
    readonly trigger: {
      /** asked, schedule, or drift of the prediction, of its loss, or of the features. */
      readonly what: 'asked' | 'schedule' | 'prediction' | 'loss' | 'features';
      /** Name and version of what judged then. */
      readonly model: string;
      readonly why: string;
    } | null;
  };
  readonly parent_version: number | null;
  readonly note: string;
  readonly sha256: string | null;
  readonly size_bytes: number | null;
};

export type ModelDetail = Model & {
  /** Markdown: what it is for, what it learned from, how good it is. */
  readonly card: string;
  /** Changes of aliases from or to it, newest first; null: no version. */
  readonly history: readonly {
    /** UTC, ISO 8601 with milliseconds. */
    readonly at: string;
    readonly alias: string;
    readonly from: string | null;
    readonly to: string | null;
    readonly by: string;
    readonly why: string;
  }[];
};

export type ModelPerformance = {
  readonly model_name: string;
  readonly model_version: string;
  readonly horizon_days: number;
  /** UTC, ISO 8601 with milliseconds. */
  readonly from: string;
  /** UTC, ISO 8601 with milliseconds. */
  readonly to: string;
  /** One a board and UTC day: the last. */
  readonly predictions: number;
  /** Whose horizon has passed, or whose board failed within it. */
  readonly settled: number;
  /** As many equally weighing predictions would tell as much; null before a horizon has passed. */
  readonly effective: number | null;
  readonly gpus: number;
  /** Confirmed failures that followed a prediction within the horizon. */
  readonly failures: number;
  /** Those of them with an alarm before. */
  readonly failures_in_time: number;
  /** Share of predictions that a failure followed within the horizon. */
  readonly failure_share: number | null;
  /** A probability of at least so much is an alarm. */
  readonly threshold: number;
  /** given with the request; learned as the cheapest by what was known then; prior: false alarm / (false alarm + missed failure), while fewer than 10 failures were known. */
  readonly threshold_source: 'given' | 'learned' | 'prior';
  /** Share of alarms that a failure followed within the horizon. */
  readonly precision: number | null;
  /** Share of predictions before a failure that were alarms. */
  readonly recall: number | null;
  /** Quartiles of the days from the first alarm within the horizon to the failure. */
  readonly lead_time_days: {
    readonly low: number;
    readonly median: number;
    readonly high: number;
  } | null;
  /** score = reliability - resolution + uncertainty + within_bins. */
  readonly brier: {
    readonly score: number;
    readonly reliability: number;
    readonly resolution: number;
    readonly uncertainty: number;
    readonly within_bins: number;
  } | null;
  /** Expected calibration error over the bins of the calibration table. */
  readonly calibration_error: number | null;
  /** Area under the ROC curve. */
  readonly auc: number | null;
  readonly average_precision: number | null;
  /** Predicted against observed; low and high: 95 % interval that counts boards as cases. */
  readonly calibration: readonly {
    readonly from: number;
    readonly to: number;
    readonly predictions: number;
    readonly gpus: number;
    readonly mean_predicted: number;
    readonly observed: number;
    readonly low: number;
    readonly high: number;
  }[];
  /** By UTC month of the prediction, each by the threshold of its beginning. */
  readonly months: readonly {
    readonly month: string;
    /** One a board and UTC day: the last. */
    readonly predictions: number;
    /** Whose horizon has passed, or whose board failed within it. */
    readonly settled: number;
    /** As many equally weighing predictions would tell as much; null before a horizon has passed. */
    readonly effective: number | null;
    readonly gpus: number;
    /** Confirmed failures that followed a prediction within the horizon. */
    readonly failures: number;
    /** Those of them with an alarm before. */
    readonly failures_in_time: number;
    /** Share of predictions that a failure followed within the horizon. */
    readonly failure_share: number | null;
    /** A probability of at least so much is an alarm. */
    readonly threshold: number;
    /** given with the request; learned as the cheapest by what was known then; prior: false alarm / (false alarm + missed failure), while fewer than 10 failures were known. */
    readonly threshold_source: 'given' | 'learned' | 'prior';
    /** Share of alarms that a failure followed within the horizon. */
    readonly precision: number | null;
    /** Share of predictions before a failure that were alarms. */
    readonly recall: number | null;
    /** Quartiles of the days from the first alarm within the horizon to the failure. */
    readonly lead_time_days: {
      readonly low: number;
      readonly median: number;
      readonly high: number;
    } | null;
    /** score = reliability - resolution + uncertainty + within_bins. */
    readonly brier: {
      readonly score: number;
      readonly reliability: number;
      readonly resolution: number;
      readonly uncertainty: number;
      readonly within_bins: number;
    } | null;
    /** Expected calibration error over the bins of the calibration table. */
    readonly calibration_error: number | null;
    /** Area under the ROC curve. */
    readonly auc: number | null;
    readonly average_precision: number | null;
  }[];
  /** Drift of what is predicted, and of how wrong it is. */
  readonly alarms: readonly {
    /** UTC, ISO 8601 with milliseconds. */
    readonly at: string;
    readonly what: 'prediction' | 'loss';
    readonly figure: number;
    readonly limit: number;
    readonly explanation: string;
  }[];
};

export type PredictRequest = {
  readonly gpu_uuid: string;
} | {
  /** Features by name, what is left out is unknown: gpu_temp_mean, gpu_temp_std, gpu_temp_min, gpu_temp_max, gpu_temp_trend, power_usage_mean, power_usage_std, power_usage_cv, power_efficiency, sm_active_mean, sm_active_std, sm_occupancy_mean, memory_util_mean, memory_util_std, thermal_throttle_count, power_brake_count, sw_power_cap_count, ecc_sbe_event_count, ecc_dbe_event_count, temp_spike_count, power_anomaly_count, throttle_duration_hours, gpu_age_days, warranty_remaining_days, total_operating_hours, model_a100, model_h100 and all others of feature-definitions. */
  readonly features: Readonly<Record<string, number | null>>;
  readonly model?: string | undefined;
};

export type Prediction = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  /** GPU identity. */
  readonly gpu_uuid: string;
  /** Host. */
  readonly node: string;
  /** MIG's GPU_I_ID; empty for the whole board. */
  readonly instance: string;
  /** Probability 0..1 of a failure within 7 days. */
  readonly failure_prob_7d: number | null;
  /** Probability 0..1 of a failure within 30 days. */
  readonly failure_prob_30d: number | null;
  /** Probability 0..1 of a failure within 90 days. */
  readonly failure_prob_90d: number | null;
  /** memory, thermal, power or other. */
  readonly predicted_failure_type: 'memory' | 'thermal' | 'power' | 'other';
  /** Median time to failure, days. */
  readonly estimated_ttf_days: number | null;
  /** Lower end of its 80 % interval, days. */
  readonly ttf_low_days: number | null;
  /** Upper end of its 80 % interval, days. */
  readonly ttf_high_days: number | null;
  /** 0..1: falls with missing inputs, novelty and disagreement among the models. */
  readonly confidence: number | null;
  /** heuristic when there is no trained model. */
  readonly model_name: string;
  /** Version of the model. */
  readonly model_version: string;
  /** The five features that moved it furthest: feature, value, contribution. */
  readonly contributions: readonly {
    readonly feature: string;
    readonly value: number | null;
    readonly contribution: number;
  }[] | null;
  /** The prediction in a sentence with numbers. */
  readonly explanation: string;
};

export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  /** Code of the error catalogue, GV-XXX-NNN. */
  readonly code: string;
  readonly action: string;
  readonly errors?: readonly {
    readonly field: string;
    readonly detail: string;
  }[] | undefined;
};

export type PromoteRequest = {
  /** Which alias. */
  readonly alias?: string | undefined;
  /** For the history. */
  readonly why?: string | undefined;
};

export type Readiness = {
  readonly ready: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly detail: string;
  }[];
};

export type RecordedChange = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly at: string;
  readonly kind: 'asset' | 'label' | 'model';
  readonly subject: string;
  readonly what: string;
  readonly by: string;
  readonly detail: string;
};

export type RetireRequest = {
  /** Now when absent. */
  readonly retired_at?: string | number | undefined;
  readonly note?: string | null | undefined;
};

export type RollbackRequest = {
  /** Which alias. */
  readonly alias?: string | undefined;
  /** For the history. */
  readonly why?: string | undefined;
};

export type Sample = {
  /** UTC, ISO 8601 with milliseconds. */
  readonly ts: string;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  /** GPU die temperature. (C) */
  readonly gpu_temp_celsius?: number | undefined;
  /** HBM temperature; 0 means that the board has no such sensor. (C) */
  readonly memory_temp_celsius?: number | undefined;
  /** Distance to the nearest slowdown threshold. (C) */
  readonly temp_margin_celsius?: number | undefined;
  /** Board power draw. (W) */
  readonly power_watts?: number | undefined;
  /** Enforced power limit, else the requested one. (W) */
  readonly power_limit_watts?: number | undefined;
  /** Energy since the driver was loaded (exporters send mJ). (J) */
  readonly energy_joules_total?: number | undefined;
  /** SM clock. (MHz) */
  readonly sm_clock_mhz?: number | undefined;
  /** Memory clock. (MHz) */
  readonly memory_clock_mhz?: number | undefined;
  /** Share of time in which a kernel ran. (ratio) */
  readonly gpu_util_ratio?: number | undefined;
  /** Share of time in which device memory was read or written. (ratio) */
  readonly memory_util_ratio?: number | undefined;
  /** Encoder utilisation. (ratio) */
  readonly encoder_util_ratio?: number | undefined;
  /** Decoder utilisation. (ratio) */
  readonly decoder_util_ratio?: number | undefined;
  /** Framebuffer in use (exporters send MiB). (bytes) */
  readonly fb_used_bytes?: number | undefined;
  /** Framebuffer free (exporters send MiB). (bytes) */
  readonly fb_free_bytes?: number | undefined;
  /** Framebuffer reserved by the driver (exporters send MiB). (bytes) */
  readonly fb_reserved_bytes?: number | undefined;
  /** Share of time in which the graphics or compute engine was busy. (ratio) */
  readonly gr_engine_active_ratio?: number | undefined;
  /** Share of cycles in which an SM had a warp, over all SMs. (ratio) */
  readonly sm_active_ratio?: number | undefined;
  /** Resident warps over the possible ones. (ratio) */
  readonly sm_occupancy_ratio?: number | undefined;
  /** Share of cycles in which the tensor pipe was active. (ratio) */
  readonly tensor_active_ratio?: number | undefined;
  /** Share of cycles in which device memory moved data. (ratio) */
  readonly dram_active_ratio?: number | undefined;
  /** PCIe bytes sent by the GPU: a rate already, whatever its TYPE says. (bytes/s) */
  readonly pcie_tx_bytes_per_second?: number | undefined;
  /** PCIe bytes received by the GPU: a rate already. (bytes/s) */
  readonly pcie_rx_bytes_per_second?: number | undefined;
  /** NVLink bytes sent by the GPU: a rate already. (bytes/s) */
  readonly nvlink_tx_bytes_per_second?: number | undefined;
  /** NVLink bytes received by the GPU: a rate already. (bytes/s) */
  readonly nvlink_rx_bytes_per_second?: number | undefined;
  /** NVLink throughput over all lanes: a rate, although typed counter. (MB/s) */
  readonly nvlink_bandwidth_mb_per_second?: number | undefined;
  /** PCIe replays. (count) */
  readonly pcie_replay_total?: number | undefined;
  /** PCIe generation in use. (count) */
  readonly pcie_link_gen?: number | undefined;
  /** PCIe lanes in use. (count) */
  readonly pcie_link_width?: number | undefined;
  /** PCIe generation that board and slot can do. (count) */
  readonly pcie_max_link_gen?: number | undefined;
  /** PCIe lanes that board and slot can do. (count) */
  readonly pcie_max_link_width?: number | undefined;
  /** NVLink flow-control CRC errors. (count) */
  readonly nvlink_crc_flit_errors_total?: number | undefined;
  /** NVLink data CRC errors. (count) */
  readonly nvlink_crc_data_errors_total?: number | undefined;
  /** NVLink replays. (count) */
  readonly nvlink_replay_errors_total?: number | undefined;
  /** NVLink recoveries. (count) */
  readonly nvlink_recovery_errors_total?: number | undefined;
  /** Corrected memory errors since the driver was loaded. (count) */
  readonly ecc_sbe_volatile_total?: number | undefined;
  /** Uncorrectable memory errors since the driver was loaded. (count) */
  readonly ecc_dbe_volatile_total?: number | undefined;
  /** Corrected memory errors over the life of the board. (count) */
  readonly ecc_sbe_aggregate_total?: number | undefined;
  /** Uncorrectable memory errors over the life of the board. (count) */
  readonly ecc_dbe_aggregate_total?: number | undefined;
  /** Pages retired for corrected errors. (pages) */
  readonly retired_pages_sbe_total?: number | undefined;
  /** Pages retired for uncorrectable errors. (pages) */
  readonly retired_pages_dbe_total?: number | undefined;
  /** Pages waiting for retirement at the next reset. (flag) */
  readonly retired_pages_pending?: number | undefined;
  /** Rows remapped for uncorrectable errors. (rows) */
  readonly remapped_rows_uncorrectable_total?: number | undefined;
  /** Rows remapped for corrected errors. (rows) */
  readonly remapped_rows_correctable_total?: number | undefined;
  /** Remapping a row has failed. (flag) */
  readonly row_remap_failed?: number | undefined;
  /** A remap waits for the next reset. (flag) */
  readonly row_remap_pending?: number | undefined;
  /** Why the clocks are held back: 1 idle, 2 application clocks, 4 SW power cap, 8 HW slowdown, 16 sync boost, 32 SW thermal, 64 HW thermal, 128 HW power brake, 256 display. (bitmask) */
  readonly throttle_reasons?: number | undefined;
  /** Time held back by the power limit. (ns) */
  readonly power_violation_ns_total?: number | undefined;
  /** Time held back by temperature. (ns) */
  readonly thermal_violation_ns_total?: number | undefined;
  /** Time held back by sync boost. (ns) */
  readonly sync_boost_violation_ns_total?: number | undefined;
  /** Time held back by the board limit. (ns) */
  readonly board_limit_violation_ns_total?: number | undefined;
  /** Time held back by the reliability limit. (ns) */
  readonly reliability_violation_ns_total?: number | undefined;
  /** The last XID: latched, so an event is a change of it. (XID) */
  readonly xid_last?: number | undefined;
  /** What the driver asks for: 0 none, 1 GPU reset, 2 reboot, 3 drain P2P, 4 drain and reset. (enum) */
  readonly recovery_action?: number | undefined;
  /** Who uses it: one entry per pod or job. */
  readonly attribution: readonly Attribution[];
};

export type ScoreRequest = {
  readonly gpu_uuid: string;
  /** That of this installation when absent. */
  readonly profile?: 'default' | 'reference' | undefined;
} | {
  readonly samples: readonly {
    /** Epoch ms or ISO 8601. */
    readonly ts: number | string;
    readonly [name: string]: unknown;
  }[];
  readonly asset?: {
    readonly ts?: string | undefined;
    readonly gpu_uuid?: string | undefined;
    readonly node?: string | undefined;
    readonly model?: string | undefined;
    readonly serial?: string | undefined;
    readonly pci_bus_id?: string | undefined;
    readonly cluster?: string | undefined;
    readonly rack?: string | undefined;
    readonly slot?: string | undefined;
    readonly owner?: string | undefined;
    readonly tenant?: string | undefined;
    readonly deployed_at?: string | undefined;
    readonly warranty_until?: string | undefined;
    readonly purchase_price?: number | null | undefined;
    readonly operating_hours?: number | null | undefined;
    readonly registered_at?: string | undefined;
    readonly status?: string | undefined;
    readonly note?: string | undefined;
    readonly retired_at?: string | undefined;
  } | undefined;
  /** That of this installation when absent. */
  readonly profile?: 'default' | 'reference' | undefined;
  /** Time between samples: `10s`, `5m`, or seconds. */
  readonly interval?: string | undefined;
};

export type Silence = {
  readonly id: string;
  /** Maintenance was planned: reports do not count its time as an outage. */
  readonly kind: 'silence' | 'maintenance';
  readonly state: 'pending' | 'active' | 'expired';
  readonly matchers: readonly {
    readonly field: string;
    readonly values: readonly string[];
    readonly not?: boolean | undefined;
  }[];
  /** UTC, ISO 8601 with milliseconds. */
  readonly starts_at: string;
  /** UTC, ISO 8601 with milliseconds. */
  readonly ends_at: string;
  readonly created_by: string;
  readonly comment: string;
  /** UTC, ISO 8601 with milliseconds. */
  readonly created_at: string;
  /** Who changed or ended it last; empty while nobody has. */
  readonly changed_by: string;
  /** UTC, ISO 8601 with milliseconds. */
  readonly changed_at: string | null;
  /** Open alerts that fit it. */
  readonly open_alerts: number;
};

export type SilenceChangeRequest = {
  /** Who does it; the name of the key where there is one. */
  readonly by?: string | undefined;
  readonly kind?: 'silence' | 'maintenance' | undefined;
  readonly matchers?: readonly {
    readonly field: 'rule' | 'severity' | 'category' | 'node' | 'gpu_uuid' | 'model' | 'cluster' | 'rack' | 'owner' | 'tenant' | 'job';
    readonly values: readonly string[];
    readonly not?: boolean | undefined;
  }[] | undefined;
  /** Epoch ms or ISO 8601. */
  readonly starts_at?: string | number | undefined;
  /** Epoch ms or ISO 8601. */
  readonly ends_at?: string | number | undefined;
  readonly note?: string | undefined;
};

export type SilenceExpireRequest = {
  /** Who does it; the name of the key where there is one. */
  readonly by?: string | undefined;
  readonly note?: string | undefined;
};

export type SilencePreview = {
  /** Open alerts that fit. */
  readonly total: number;
  /** The first 1000 of them, newest first. */
  readonly items: readonly Alert[];
};

export type SilencePreviewRequest = {
  readonly matchers: readonly {
    readonly field: 'rule' | 'severity' | 'category' | 'node' | 'gpu_uuid' | 'model' | 'cluster' | 'rack' | 'owner' | 'tenant' | 'job';
    readonly values: readonly string[];
    readonly not?: boolean | undefined;
  }[];
};

export type SilenceRequest = {
  readonly kind?: 'silence' | 'maintenance' | undefined;
  readonly matchers: readonly {
    readonly field: 'rule' | 'severity' | 'category' | 'node' | 'gpu_uuid' | 'model' | 'cluster' | 'rack' | 'owner' | 'tenant' | 'job';
    readonly values: readonly string[];
    readonly not?: boolean | undefined;
  }[];
  /** Now when absent. */
  readonly starts_at?: string | number | undefined;
  /** Epoch ms or ISO 8601. */
  readonly ends_at: string | number;
  /** Who does it; the name of the key where there is one. */
  readonly by?: string | undefined;
  readonly note?: string | undefined;
};

export type Topology = {
  /** Who told it; null when no engine has told yet. */
  readonly worker: string | null;
  /** UTC, ISO 8601 with milliseconds. */
  readonly received_at: string | null;
  /** All engines heard of; choose one with `worker`. */
  readonly workers: readonly string[];
  /** The highest `lag_messages` over all engines, whichever is asked for; null while none tells. */
  readonly lag_messages_max: number | null;
  readonly steps: readonly {
    readonly id: string;
    readonly [name: string]: unknown;
  }[];
  readonly edges: readonly unknown[];
  readonly [name: string]: unknown;
};

export type Verdict = {
  readonly gpu_uuid: string;
  readonly node: string;
  readonly model: string;
  readonly slot: string;
  /** UTC, ISO 8601 with milliseconds. */
  readonly stale_since: string | null;
  readonly asset: Asset | null;
  /** The board's, else its first instance's. */
  readonly sample: Sample | null;
  /** Latest sample of every MIG instance. */
  readonly instances: readonly Sample[];
  /** The newest score, of a board with MIG instances the worst of theirs; null when there is none yet. */
  readonly health: HealthScore | null;
  /** Open ones, worst first. */
  readonly anomalies: readonly Anomaly[];
  /** The newest ones, at most 20. */
  readonly episodes: readonly Episode[];
  /** The newest prediction, of a board with MIG instances the likeliest failure of theirs; null when there is none yet. */
  readonly prediction: Prediction | null;
  /** The newest decision: the board's, else its first instance's; null when there is none yet. */
  readonly decision: Decision | null;
  /** Fields that could not be looked up just now. */
  readonly unavailable: readonly string[];
};

export type WhatIf = {
  /** keep, sell, repurpose or decommission: the option of highest value. */
  readonly decision: 'keep' | 'sell' | 'repurpose' | 'decommission';
  /** Net present value of keeping it, USD. */
  readonly npv_keep: number | null;
  /** Net present value of selling it, USD. */
  readonly npv_sell: number | null;
  /** Net present value of cheaper work, USD. */
  readonly npv_repurpose: number | null;
  /** Value of decommissioning it, USD. */
  readonly salvage_value: number | null;
  /** The best of the four, USD. */
  readonly expected_value: number | null;
  /** 0..1, by the distance of the best from the second. */
  readonly confidence: number | null;
  /** One sentence with the numbers. */
  readonly rationale: string;
  /** Inputs that would flip it: input, value, flips_at, to. */
  readonly sensitivity: readonly {
    readonly input: string;
    readonly value: number;
    readonly flips_at: number | null;
    readonly to: string | null;
  }[] | null;
  /** keep, watch, drain, rma, repurpose, sell or decommission: what to do next. */
  readonly advice: string;
  /** Expected loss per hour of waiting, USD. */
  readonly value_at_risk_usd_per_hour: number | null;
  /** Health score that it is made of. */
  readonly health: number | null;
  /** 30-day failure probability that it is made of. */
  readonly p30: number | null;
  /** Utilisation 0..1 that it is made of. */
  readonly utilisation: number | null;
  /** default or reference. */
  readonly profile: 'default' | 'reference';
  /** What one failure is expected to cost. */
  readonly failure_cost_usd: number;
  /** What was taken for what is not known. */
  readonly assumptions: readonly string[];
};

export interface GetOperations {
  /** The alert rules in effect, in the order in which they count. */
  '/api/v1/alert-rules': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** Field to sort by, with - in front for descending. Default the order in which they count. */
      readonly sort?: 'name' | '-name' | 'on' | '-on' | undefined;
      /** One rule. */
      readonly name?: string | undefined;
      /** Table. */
      readonly on?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly AlertRule[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Alerts, newest opening first. With state=open from memory, also while the database is away. */
  '/api/v1/alerts': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** Field to sort by, with - in front for descending. Default -ts. */
      readonly sort?: 'ts' | '-ts' | 'gpu_uuid' | '-gpu_uuid' | 'node' | '-node' | 'instance' | '-instance' | 'id' | '-id' | 'rule' | '-rule' | 'severity' | '-severity' | 'state' | '-state' | 'summary' | '-summary' | 'action_text' | '-action_text' | 'action' | '-action' | 'category' | '-category' | 'source' | '-source' | 'source_id' | '-source_id' | 'model' | '-model' | 'cluster' | '-cluster' | 'rack' | '-rack' | 'owner' | '-owner' | 'tenant' | '-tenant' | 'job' | '-job' | 'opened_at' | '-opened_at' | 'closed_at' | '-closed_at' | 'acknowledged_by' | '-acknowledged_by' | 'acknowledged_at' | '-acknowledged_at' | 'assigned_to' | '-assigned_to' | 'handling_note' | '-handling_note' | undefined;
      readonly state?: 'open' | 'closed' | undefined;
      readonly severity?: 'info' | 'warning' | 'critical' | undefined;
      /** Rule that found it worth telling. */
      readonly rule?: string | undefined;
      /** memory, thermal, power, bus, fabric, driver, application, sensor, prediction, money or unknown. */
      readonly category?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** GPU identity. */
      readonly gpu_uuid?: string | undefined;
      /** Model; empty when it is about no single GPU. */
      readonly model?: string | undefined;
      /** Rack. */
      readonly rack?: string | undefined;
      /** Cluster. */
      readonly cluster?: string | undefined;
      /** Owning team. */
      readonly owner?: string | undefined;
      /** Tenant that may see it. */
      readonly tenant?: string | undefined;
      /** Stable id from rule and cause. */
      readonly id?: string | undefined;
      /** MIG's GPU_I_ID; empty for the whole board. */
      readonly instance?: string | undefined;
      /** Who used it. */
      readonly job?: string | undefined;
      /** Recovery action. */
      readonly action?: string | undefined;
      /** Table of what it follows from. */
      readonly source?: string | undefined;
      /** Id of the row there. */
      readonly source_id?: string | undefined;
      /** Who has taken notice; empty: nobody. */
      readonly acknowledged_by?: string | undefined;
      /** Who looks after it. */
      readonly assigned_to?: string | undefined;
      /** Whether somebody has taken notice. Only with state=open. */
      readonly acknowledged?: 'true' | 'false' | undefined;
      /** Whether it is silenced or inhibited. Only with state=open. */
      readonly quiet?: 'true' | 'false' | undefined;
    };
    readonly answer: {
      readonly items: readonly Alert[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** One alert, with what happened to it. */
  '/api/v1/alerts/{id}': {
    readonly params: {
      /** Id of the alert. */
      readonly id: string;
    };
    readonly answer: AlertDetail;
    readonly media: 'application/json';
  };
  /** Anomalies, newest opening first. */
  '/api/v1/anomalies': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** Field to sort by, with - in front for descending. Default -ts. */
      readonly sort?: 'ts' | '-ts' | 'gpu_uuid' | '-gpu_uuid' | 'node' | '-node' | 'instance' | '-instance' | 'id' | '-id' | 'type' | '-type' | 'metric' | '-metric' | 'severity' | '-severity' | 'score' | '-score' | 'observed' | '-observed' | 'expected' | '-expected' | 'window' | '-window' | 'detector' | '-detector' | 'explanation' | '-explanation' | 'state' | '-state' | 'opened_at' | '-opened_at' | 'closed_at' | '-closed_at' | undefined;
      /** One anomaly. */
      readonly id?: string | undefined;
      /** MIG's GPU_I_ID; empty for the whole board. */
      readonly instance?: string | undefined;
      readonly severity?: 'info' | 'warning' | 'critical' | undefined;
      readonly state?: 'open' | 'closed' | undefined;
      /** Kind of anomaly. */
      readonly type?: string | undefined;
      /** Metric concerned. */
      readonly metric?: string | undefined;
      /** Step that found it. */
      readonly detector?: string | undefined;
      /** Span of history that it was judged against. */
      readonly window?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** GPU identity. */
      readonly gpu_uuid?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly Anomaly[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Inventory, by gpu_uuid. */
  '/api/v1/assets': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** Registered at or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Registered before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** Field to sort by, with - in front for descending. Default gpu_uuid. */
      readonly sort?: 'ts' | '-ts' | 'gpu_uuid' | '-gpu_uuid' | 'node' | '-node' | 'model' | '-model' | 'serial' | '-serial' | 'pci_bus_id' | '-pci_bus_id' | 'cluster' | '-cluster' | 'rack' | '-rack' | 'slot' | '-slot' | 'owner' | '-owner' | 'tenant' | '-tenant' | 'deployed_at' | '-deployed_at' | 'warranty_until' | '-warranty_until' | 'purchase_price' | '-purchase_price' | 'operating_hours' | '-operating_hours' | 'registered_at' | '-registered_at' | 'status' | '-status' | 'note' | '-note' | 'retired_at' | '-retired_at' | undefined;
      /** Part of gpu_uuid, node, serial, rack, owner, tenant, note, in any case. */
      readonly q?: string | undefined;
      /** GPU identity. */
      readonly gpu_uuid?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** Model name as the driver tells it. */
      readonly model?: string | undefined;
      /** Board serial number. */
      readonly serial?: string | undefined;
      /** PCI bus id. */
      readonly pci_bus_id?: string | undefined;
      /** Cluster. */
      readonly cluster?: string | undefined;
      /** Rack. */
      readonly rack?: string | undefined;
      /** Slot in the node. */
      readonly slot?: string | undefined;
      /** Owning team. */
      readonly owner?: string | undefined;
      /** Tenant that may see it. */
      readonly tenant?: string | undefined;
      /** active, maintenance or retired. */
      readonly status?: string | undefined;
      /** Free text. */
      readonly note?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly Asset[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** One asset. Its ETag, sent as If-Match with a change, refuses the change when somebody else was faster. */
  '/api/v1/assets/{gpu_uuid}': {
    readonly params: {
      /** GPU identity, as the driver tells it. */
      readonly gpu_uuid: string;
    };
    readonly answer: Asset;
    readonly media: 'application/json';
  };
  /** Who changed what, when and from where, newest first; nothing is ever taken out. Of calls that were answered with no 2xx there is one a minute for each caller, action and status; its `detail` begins with how many were left out since the one before. `total` counts all entries, whatever is asked for. */
  '/api/v1/audit': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** Newest first. */
      readonly sort?: '-position' | undefined;
      /** Name of the key. */
      readonly by?: string | undefined;
      /** As the entries tell it. */
      readonly action?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly AuditEntry[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Effective configuration and where each value comes from, without secrets. */
  '/api/v1/config': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** Field to sort by, with - in front for descending. Default the order of the documentation. */
      readonly sort?: 'option' | '-option' | 'origin' | '-origin' | undefined;
      /** One option. */
      readonly option?: string | undefined;
      /** General, Services, Fleet, ... */
      readonly section?: string | undefined;
      /** Where the value comes from. */
      readonly origin?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly ConfigOption[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** What the console needs to know of this installation. */
  '/api/v1/console-config': {
    readonly answer: ConsoleConfig;
    readonly media: 'application/json';
  };
  /** What was refused and why, newest first, without the originals. A page looks at 50,000 letters at most: it may be short and still have a next. */
  '/api/v1/dead-letters': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** Refused at or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Refused before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** Newest first. */
      readonly sort?: '-position' | undefined;
      /** One of unreadable_scrape, unreadable_line, unreadable_record, damaged_message, unknown_schema, oversized_message, out_of_range, not_a_number, no_identity, no_time, late, no_metrics, sentinel, future, refused_by_database, undelivered. */
      readonly reason?: string | undefined;
      /** Error code of the reason. */
      readonly code?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly DeadLetter[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
      /** How many match, by reason; within a time 50,000 are counted at most. */
      readonly by_reason: Readonly<Record<string, number>>;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** One of them, with its original. */
  '/api/v1/dead-letters/{position}': {
    readonly params: {
      /** As the list tells it. */
      readonly position: number;
    };
    readonly answer: DeadLetterWithOriginal;
    readonly media: 'application/json';
  };
  /** Economic decisions, newest first. */
  '/api/v1/decisions': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** GPU identity. */
      readonly gpu_uuid?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** MIG's GPU_I_ID; empty for the whole board. */
      readonly instance?: string | undefined;
      /** keep, sell, repurpose or decommission: the option of highest value. */
      readonly decision?: string | undefined;
      /** keep, watch, drain, rma, repurpose, sell or decommission: what to do next. */
      readonly advice?: string | undefined;
      /** default or reference. */
      readonly profile?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly Decision[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Every part's state with what to do, worst first; at most five seconds old. A fresh look takes two to three seconds. */
  '/api/v1/doctor': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** Worst first. */
      readonly sort?: '-state' | undefined;
      /** machine, data, ports, nats, questdb, engine, collector, api, live or clocks. */
      readonly part?: string | undefined;
      readonly state?: 'fail' | 'warn' | 'ok' | undefined;
    };
    readonly answer: {
      readonly items: readonly Finding[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
      /** UTC, ISO 8601 with milliseconds. */
      readonly at: string;
      readonly fail: number;
      readonly warn: number;
      readonly ok: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Fault stories of XIDs and anomalies, newest first. */
  '/api/v1/episodes': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** GPU identity. */
      readonly gpu_uuid?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** MIG's GPU_I_ID; empty for the whole board. */
      readonly instance?: string | undefined;
      /** Stable id from its cause. */
      readonly id?: string | undefined;
      /** The code that the others follow from; null for a story without XIDs. */
      readonly primary_xid?: number | undefined;
      /** info, warning or critical. */
      readonly severity?: string | undefined;
      /** memory, thermal, power, bus, fabric, driver, application, sensor or unknown. */
      readonly category?: string | undefined;
      /** Recovery action. */
      readonly action?: string | undefined;
      /** XIDs and anomaly openings in it. */
      readonly count?: number | undefined;
      /** Whether a reset or reboot ended it; null while nobody can know. */
      readonly cured?: 'true' | 'false' | undefined;
      /** Who used the GPU. */
      readonly job?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly Episode[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Every error code, what it means and what to do. */
  '/api/v1/errors': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** Field to sort by, with - in front for descending. Default code. */
      readonly sort?: 'code' | '-code' | undefined;
      /** One code. */
      readonly code?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly ErrorEntry[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Failures that happened, newest first. */
  '/api/v1/failure-labels': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** GPU identity. */
      readonly gpu_uuid?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** memory, thermal, power or other. */
      readonly type?: string | undefined;
      /** Who tells of it: hand, csv, rma, episode, or a word of theirs. */
      readonly source?: string | undefined;
      /** Free text. */
      readonly note?: string | undefined;
      /** confirmed, suggested or rejected; only confirmed ones train. */
      readonly status?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly FailureLabel[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Failures that nobody told of but that seem to have been some, newest first; POST one with status confirmed or rejected. */
  '/api/v1/failure-labels/suggestions': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** Failed at or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Failed before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** Field to sort by, with - in front for descending. Default -failed_at. */
      readonly sort?: 'failed_at' | '-failed_at' | undefined;
      /** GPU identity. */
      readonly gpu_uuid?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      readonly type?: 'memory' | 'thermal' | 'power' | 'other' | undefined;
      readonly source?: 'episode' | 'rma' | undefined;
    };
    readonly answer: {
      readonly items: readonly FailureLabelSuggestion[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** What each feature means, newest first. */
  '/api/v1/feature-definitions': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** Column of gpu_features. */
      readonly name?: string | undefined;
      /** Unit. */
      readonly unit?: string | undefined;
      /** 1h, 6h, 24h or 7d; `now` for what holds at the row. */
      readonly window?: string | undefined;
      /** Rises when the name begins to mean another number. */
      readonly version?: number | undefined;
    };
    readonly answer: {
      readonly items: readonly FeatureDefinition[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Feature vectors, newest first. */
  '/api/v1/features': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** GPU identity. */
      readonly gpu_uuid?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** MIG's GPU_I_ID; empty for the whole board. */
      readonly instance?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly Features[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** What the fleet is worth by decision and advice, and where the most is at risk; at most ten seconds old. */
  '/api/v1/fleet/money': {
    readonly query: {
      readonly top?: number | undefined;
    };
    readonly answer: FleetMoney;
    readonly media: 'application/json';
  };
  /** How gauges are spread over the fleet and over models, newest first. */
  '/api/v1/fleet/quantiles': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** Model; empty for the whole fleet. */
      readonly model?: string | undefined;
      /** Metric. */
      readonly metric?: string | undefined;
      /** Readings counted. */
      readonly count?: number | undefined;
    };
    readonly answer: {
      readonly items: readonly FleetQuantiles[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** The newest prediction of every board and MIG instance with the decision about the board, by priority; at most ten seconds old. */
  '/api/v1/fleet/risks': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** Field to sort by, with - in front for descending. Default -priority. */
      readonly sort?: 'priority' | '-priority' | 'failure_prob_7d' | '-failure_prob_7d' | 'failure_prob_30d' | '-failure_prob_30d' | 'failure_prob_90d' | '-failure_prob_90d' | 'estimated_ttf_days' | '-estimated_ttf_days' | 'confidence' | '-confidence' | 'value_at_risk_usd_per_hour' | '-value_at_risk_usd_per_hour' | 'node' | '-node' | undefined;
      /** Part of gpu_uuid or node, in any case. */
      readonly q?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      readonly predicted_failure_type?: 'memory' | 'thermal' | 'power' | 'other' | undefined;
      /** What the advisor says. */
      readonly advice?: string | undefined;
      /** Name of the model that says it. */
      readonly model_name?: string | undefined;
      /** Its version. */
      readonly model_version?: string | undefined;
      /** Only those at least so likely to fail within 30 days. */
      readonly failure_prob_30d_min?: number | undefined;
    };
    readonly answer: {
      readonly items: readonly FleetRisk[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** The fleet in figures, also by model and by node, and in more detail by whatever is asked for. */
  '/api/v1/fleet/summary': {
    readonly query: {
      /** Adds `groups`, by name. */
      readonly group_by?: 'cluster' | 'rack' | 'node' | 'model' | 'owner' | 'tenant' | 'job' | undefined;
    };
    readonly answer: FleetSummary;
    readonly media: 'application/json';
  };
  /** What readings are expected to be, newest first. */
  '/api/v1/forecasts': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** GPU identity. */
      readonly gpu_uuid?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** MIG's GPU_I_ID; empty for the whole board. */
      readonly instance?: string | undefined;
      /** Metric or feature. */
      readonly metric?: string | undefined;
      /** How far ahead of ts, ms. */
      readonly horizon_ms?: number | undefined;
    };
    readonly answer: {
      readonly items: readonly Forecast[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Every GPU and MIG instance with its main readings and open anomalies. */
  '/api/v1/gpus': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** Field to sort by, with - in front for descending. Default gpu_uuid. */
      readonly sort?: 'ts' | '-ts' | 'gpu_uuid' | '-gpu_uuid' | 'node' | '-node' | 'instance' | '-instance' | 'model' | '-model' | 'slot' | '-slot' | 'gpu_temp_celsius' | '-gpu_temp_celsius' | 'memory_temp_celsius' | '-memory_temp_celsius' | 'power_watts' | '-power_watts' | 'power_limit_watts' | '-power_limit_watts' | 'gpu_util_ratio' | '-gpu_util_ratio' | 'gr_engine_active_ratio' | '-gr_engine_active_ratio' | 'memory_util_ratio' | '-memory_util_ratio' | 'fb_used_bytes' | '-fb_used_bytes' | 'fb_free_bytes' | '-fb_free_bytes' | 'sm_clock_mhz' | '-sm_clock_mhz' | 'throttle_reasons' | '-throttle_reasons' | 'xid_last' | '-xid_last' | 'open_info' | '-open_info' | 'open_warning' | '-open_warning' | 'open_critical' | '-open_critical' | 'worst_severity' | '-worst_severity' | 'stale_since' | '-stale_since' | 'overall_score' | '-overall_score' | 'health_grade' | '-health_grade' | 'failure_prob_7d' | '-failure_prob_7d' | 'failure_prob_30d' | '-failure_prob_30d' | 'decision' | '-decision' | undefined;
      /** GPU identity. */
      readonly gpu_uuid?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** MIG's GPU_I_ID; empty for whole boards. */
      readonly instance?: string | undefined;
      /** Model name. */
      readonly model?: string | undefined;
      /** Slot in the node. */
      readonly slot?: string | undefined;
      /** Of the open anomalies; none: of those where it is null. */
      readonly worst_severity?: 'info' | 'warning' | 'critical' | 'none' | undefined;
      /** Grade of the health; none: of those where it is null. */
      readonly health_grade?: 'excellent' | 'good' | 'fair' | 'degraded' | 'poor' | 'critical' | 'unknown' | 'none' | undefined;
      /** About the whole board; none: of those where it is null. */
      readonly decision?: 'keep' | 'sell' | 'repurpose' | 'decommission' | 'none' | undefined;
      readonly stale?: 'true' | 'false' | undefined;
    };
    readonly answer: {
      readonly items: readonly GpuSummary[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** The whole verdict on one GPU. */
  '/api/v1/gpus/{gpu_uuid}': {
    readonly params: {
      /** GPU identity, as the driver tells it. */
      readonly gpu_uuid: string;
    };
    readonly answer: Verdict;
    readonly media: 'application/json';
  };
  /** Anomalies of one GPU, newest opening first. */
  '/api/v1/gpus/{gpu_uuid}/anomalies': {
    readonly params: {
      /** GPU identity, as the driver tells it. */
      readonly gpu_uuid: string;
    };
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** Field to sort by, with - in front for descending. Default -ts. */
      readonly sort?: 'ts' | '-ts' | 'gpu_uuid' | '-gpu_uuid' | 'node' | '-node' | 'instance' | '-instance' | 'id' | '-id' | 'type' | '-type' | 'metric' | '-metric' | 'severity' | '-severity' | 'score' | '-score' | 'observed' | '-observed' | 'expected' | '-expected' | 'window' | '-window' | 'detector' | '-detector' | 'explanation' | '-explanation' | 'state' | '-state' | 'opened_at' | '-opened_at' | 'closed_at' | '-closed_at' | undefined;
      /** One anomaly. */
      readonly id?: string | undefined;
      /** MIG's GPU_I_ID; empty for the whole board. */
      readonly instance?: string | undefined;
      readonly severity?: 'info' | 'warning' | 'critical' | undefined;
      readonly state?: 'open' | 'closed' | undefined;
      /** Kind of anomaly. */
      readonly type?: string | undefined;
      /** Metric concerned. */
      readonly metric?: string | undefined;
      /** Step that found it. */
      readonly detector?: string | undefined;
      /** Span of history that it was judged against. */
      readonly window?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly Anomaly[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Economic decisions of one GPU, newest first. */
  '/api/v1/gpus/{gpu_uuid}/decisions': {
    readonly params: {
      /** GPU identity, as the driver tells it. */
      readonly gpu_uuid: string;
    };
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** MIG's GPU_I_ID; empty for the whole board. */
      readonly instance?: string | undefined;
      /** keep, sell, repurpose or decommission: the option of highest value. */
      readonly decision?: string | undefined;
      /** keep, watch, drain, rma, repurpose, sell or decommission: what to do next. */
      readonly advice?: string | undefined;
      /** default or reference. */
      readonly profile?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly Decision[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Fault stories of XIDs and anomalies of one GPU, newest first. */
  '/api/v1/gpus/{gpu_uuid}/episodes': {
    readonly params: {
      /** GPU identity, as the driver tells it. */
      readonly gpu_uuid: string;
    };
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** MIG's GPU_I_ID; empty for the whole board. */
      readonly instance?: string | undefined;
      /** Stable id from its cause. */
      readonly id?: string | undefined;
      /** The code that the others follow from; null for a story without XIDs. */
      readonly primary_xid?: number | undefined;
      /** info, warning or critical. */
      readonly severity?: string | undefined;
      /** memory, thermal, power, bus, fabric, driver, application, sensor or unknown. */
      readonly category?: string | undefined;
      /** Recovery action. */
      readonly action?: string | undefined;
      /** XIDs and anomaly openings in it. */
      readonly count?: number | undefined;
      /** Whether a reset or reboot ended it; null while nobody can know. */
      readonly cured?: 'true' | 'false' | undefined;
      /** Who used the GPU. */
      readonly job?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly Episode[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Evidence for returning a board to its maker (RMA), as a printable HTML page; by default the last 30 days. */
  '/api/v1/gpus/{gpu_uuid}/evidence': {
    readonly params: {
      /** GPU identity, as the driver tells it. */
      readonly gpu_uuid: string;
    };
    readonly query: {
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
    };
    readonly media: 'text/html';
  };
  /** Failures that happened of one GPU, newest first. */
  '/api/v1/gpus/{gpu_uuid}/failure-labels': {
    readonly params: {
      /** GPU identity, as the driver tells it. */
      readonly gpu_uuid: string;
    };
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** memory, thermal, power or other. */
      readonly type?: string | undefined;
      /** Who tells of it: hand, csv, rma, episode, or a word of theirs. */
      readonly source?: string | undefined;
      /** Free text. */
      readonly note?: string | undefined;
      /** confirmed, suggested or rejected; only confirmed ones train. */
      readonly status?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly FailureLabel[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Feature vectors of one GPU, newest first. */
  '/api/v1/gpus/{gpu_uuid}/features': {
    readonly params: {
      /** GPU identity, as the driver tells it. */
      readonly gpu_uuid: string;
    };
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** MIG's GPU_I_ID; empty for the whole board. */
      readonly instance?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly Features[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** What readings are expected to be of one GPU, newest first. */
  '/api/v1/gpus/{gpu_uuid}/forecasts': {
    readonly params: {
      /** GPU identity, as the driver tells it. */
      readonly gpu_uuid: string;
    };
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** MIG's GPU_I_ID; empty for the whole board. */
      readonly instance?: string | undefined;
      /** Metric or feature. */
      readonly metric?: string | undefined;
      /** How far ahead of ts, ms. */
      readonly horizon_ms?: number | undefined;
    };
    readonly answer: {
      readonly items: readonly Forecast[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Health scores of one GPU, newest first. */
  '/api/v1/gpus/{gpu_uuid}/health': {
    readonly params: {
      /** GPU identity, as the driver tells it. */
      readonly gpu_uuid: string;
    };
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** MIG's GPU_I_ID; empty for the whole board. */
      readonly instance?: string | undefined;
      /** excellent, good, fair, degraded, poor, critical or unknown. */
      readonly health_grade?: string | undefined;
      /** Recovery action. */
      readonly action?: string | undefined;
      /** default or reference. */
      readonly profile?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly HealthScore[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Readings over time; by default the last hour. Rollups have _avg, _min, _max columns. */
  '/api/v1/gpus/{gpu_uuid}/metrics': {
    readonly params: {
      /** GPU identity, as the driver tells it. */
      readonly gpu_uuid: string;
    };
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** Field to sort by, with - in front for descending. Default ts. */
      readonly sort?: 'ts' | '-ts' | undefined;
      /** MIG's GPU_I_ID; empty for the whole board; all when absent. */
      readonly instance?: string | undefined;
      /** Names, separated by commas; all when absent. */
      readonly metrics?: string | undefined;
      /** auto takes the finest that has at most max_points rows in the span. */
      readonly resolution?: 'auto' | 'raw' | '1m' | '5m' | '1h' | undefined;
      readonly max_points?: number | undefined;
    };
    readonly answer: MetricList;
    readonly media: 'application/json' | 'text/csv';
  };
  /** Failure predictions of one GPU, newest first. */
  '/api/v1/gpus/{gpu_uuid}/predictions': {
    readonly params: {
      /** GPU identity, as the driver tells it. */
      readonly gpu_uuid: string;
    };
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** MIG's GPU_I_ID; empty for the whole board. */
      readonly instance?: string | undefined;
      /** memory, thermal, power or other. */
      readonly predicted_failure_type?: string | undefined;
      /** heuristic when there is no trained model. */
      readonly model_name?: string | undefined;
      /** Version of the model. */
      readonly model_version?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly Prediction[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Health scores, newest first. */
  '/api/v1/health-scores': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** GPU identity. */
      readonly gpu_uuid?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** MIG's GPU_I_ID; empty for the whole board. */
      readonly instance?: string | undefined;
      /** excellent, good, fair, degraded, poor, critical or unknown. */
      readonly health_grade?: string | undefined;
      /** Recovery action. */
      readonly action?: string | undefined;
      /** default or reference. */
      readonly profile?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly HealthScore[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Incidents over one or several GPUs, newest first. */
  '/api/v1/incidents': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** GPU identity. */
      readonly gpu_uuid?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** Stable id from its cause. */
      readonly id?: string | undefined;
      /** gpu, node, nvlink_domain, rack or job. */
      readonly scope?: string | undefined;
      /** What the scope is called. */
      readonly origin?: string | undefined;
      /** As of its episodes. */
      readonly category?: string | undefined;
      /** info, warning or critical. */
      readonly severity?: string | undefined;
      /** open or closed. */
      readonly state?: string | undefined;
      /** Recovery action. */
      readonly action?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly Incident[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Fault stories that can happen to a GPU of the simulated fleet. */
  '/api/v1/inject/stories': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** Field to sort by, with - in front for descending. Default name. */
      readonly sort?: 'name' | '-name' | 'category' | '-category' | undefined;
      /** memory, thermal, power, bus, fabric, driver, sensor, straggler or benign. */
      readonly category?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly InjectableStory[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** API keys: how they begin, whose they are, what they may do and when they were last used; never a secret. */
  '/api/v1/keys': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** Made at or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Made before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** Field to sort by, with - in front for descending. Default -created_at. */
      readonly sort?: 'created_at' | '-created_at' | 'name' | '-name' | 'expires_at' | '-expires_at' | 'last_used_at' | '-last_used_at' | undefined;
      readonly state?: 'good' | 'expired' | 'revoked' | undefined;
      readonly role?: 'viewer' | 'operator' | 'admin' | undefined;
      /** One key. */
      readonly id?: string | undefined;
      /** What it is called. */
      readonly name?: string | undefined;
      /** Tenant; empty: of those that see all. */
      readonly tenant?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly ApiKey[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Every failure model: versions of the registry, the one of this release, the heuristic; newest first. */
  '/api/v1/models': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** Made at or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Made before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** Field to sort by, with - in front for descending. Default -created_at. */
      readonly sort?: 'created_at' | '-created_at' | 'version' | '-version' | undefined;
      /** Only those that this alias points to. */
      readonly alias?: string | undefined;
      /** A number of the registry, shipped-N, or heuristic. */
      readonly version?: string | undefined;
      /** Name of the model. */
      readonly name?: string | undefined;
      /** simulated, real, mixed, unknown or nothing. */
      readonly trained_on?: string | undefined;
      /** Of its file. */
      readonly sha256?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly Model[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** How far the features of the model that judges have moved from its training, furthest first; at most five minutes old. */
  '/api/v1/models/drift': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** Field to sort by, with - in front for descending. Default -index. */
      readonly sort?: 'index' | '-index' | 'ks' | '-ks' | 'importance' | '-importance' | 'missing_ratio' | '-missing_ratio' | 'feature' | '-feature' | undefined;
      /** Only those above, or not above, the limit. */
      readonly alarm?: 'true' | 'false' | undefined;
      /** Only those that have, or have not, moved beyond doubt. */
      readonly moved?: 'true' | 'false' | undefined;
    };
    readonly answer: {
      readonly items: readonly FeatureDrift[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
      /** The model that judges. */
      readonly model_name: string;
      readonly model_version: string;
      readonly trained_on: 'simulated' | 'real' | 'mixed' | 'unknown' | 'nothing';
      /** Event time of the newest vector; null: there is none, or no reference. */
      readonly at: string | null;
      /** Boards compared. */
      readonly gpus: number;
      readonly alarms: number;
      /** Share 0..1 of what the model goes by (importance, the age left out) that has moved beyond doubt; null: nothing to compare. */
      readonly moved_ratio: number | null;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** How good the predictions that were really made have been, by model version and horizon. */
  '/api/v1/models/performance': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** Model versions in use first. */
      readonly sort?: '-to' | undefined;
      /** Days; all when absent. */
      readonly horizon?: '7' | '30' | '90' | undefined;
      /** Name of the model. */
      readonly model_name?: string | undefined;
      /** Version of the model. */
      readonly model_version?: string | undefined;
      /** An alarm is a probability of at least so much; by cost when absent. */
      readonly threshold?: number | undefined;
      /** What an alarm costs that no failure follows: a look at the board, and half a day without it. */
      readonly cost_false_alarm_usd?: number | undefined;
      /** What a failure costs that nobody was warned of: the work lost with it, and the hurry. */
      readonly cost_missed_failure_usd?: number | undefined;
    };
    readonly answer: {
      readonly items: readonly ModelPerformance[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** One failure model with its card and what happened to its aliases. */
  '/api/v1/models/{version}': {
    readonly params: {
      /** A version of the list, or an alias that points to one. */
      readonly version: string;
    };
    readonly answer: ModelDetail;
    readonly media: 'application/json';
  };
  /** Failure predictions, newest first. */
  '/api/v1/predictions': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to. */
      readonly at?: string | number | undefined;
      /** Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key. */
      readonly sort?: string | undefined;
      /** GPU identity. */
      readonly gpu_uuid?: string | undefined;
      /** Host. */
      readonly node?: string | undefined;
      /** MIG's GPU_I_ID; empty for the whole board. */
      readonly instance?: string | undefined;
      /** memory, thermal, power or other. */
      readonly predicted_failure_type?: string | undefined;
      /** heuristic when there is no trained model. */
      readonly model_name?: string | undefined;
      /** Version of the model. */
      readonly model_version?: string | undefined;
    };
    readonly answer: {
      readonly items: readonly Prediction[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** Uptime, outages and breaches of a month by GPU or group; /reports/availability.html says what the words mean. At most a minute old. */
  '/api/v1/reports/availability': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** UTC; the month of the newest sample when absent. By month: the last of twelve. */
      readonly month?: string | undefined;
      /** Default gpu. */
      readonly by?: 'gpu' | 'node' | 'owner' | 'tenant' | 'cluster' | 'rack' | 'model' | 'fleet' | 'month' | undefined;
      /** Target of the availability, 0..1. */
      readonly sla?: number | undefined;
      /** Field to sort by, with - in front for descending. Default group. */
      readonly sort?: 'group' | '-group' | 'availability' | '-availability' | 'down_hours' | '-down_hours' | 'failures' | '-failures' | 'breaches' | '-breaches' | undefined;
      /** Part of the group, in any case. */
      readonly q?: string | undefined;
      /** Only those that met, or missed, the target. */
      readonly met?: 'true' | 'false' | undefined;
    };
    readonly answer: {
      readonly items: readonly Availability[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
      readonly month: string;
      readonly by: 'gpu' | 'node' | 'owner' | 'tenant' | 'cluster' | 'rack' | 'model' | 'fleet' | 'month';
      readonly sla: number;
      /** UTC, ISO 8601 with milliseconds. */
      readonly from: string;
      /** Where the month goes on: the newest sample. */
      readonly to: string;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** The same as a page to print, with its definitions. */
  '/api/v1/reports/availability.html': {
    readonly query: {
      /** UTC; the month of the newest sample when absent. By month: the last of twelve. */
      readonly month?: string | undefined;
      /** Default gpu. */
      readonly by?: 'gpu' | 'node' | 'owner' | 'tenant' | 'cluster' | 'rack' | 'model' | 'fleet' | 'month' | undefined;
      /** Target of the availability, 0..1. */
      readonly sla?: number | undefined;
    };
    readonly media: 'text/html';
  };
  /** What people have changed: inventory, labels, models; newest first, by default of the last 90 days. /reports/compliance.html says what is kept. */
  '/api/v1/reports/compliance': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      readonly kind?: 'asset' | 'label' | 'model' | undefined;
      /** GPU, or alias of the model registry. */
      readonly subject?: string | undefined;
      /** Default -at. */
      readonly sort?: 'at' | '-at' | undefined;
    };
    readonly answer: {
      readonly items: readonly RecordedChange[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
      /** UTC, ISO 8601 with milliseconds. */
      readonly from: string;
      /** UTC, ISO 8601 with milliseconds. */
      readonly to: string;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** The same as a page to print. */
  '/api/v1/reports/compliance.html': {
    readonly query: {
      /** At or after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      readonly kind?: 'asset' | 'label' | 'model' | undefined;
      /** GPU, or alias of the model registry. */
      readonly subject?: string | undefined;
    };
    readonly media: 'text/html';
  };
  /** Silences and maintenance windows, those that end last first. */
  '/api/v1/silences': {
    readonly query: {
      /** Items a page. */
      readonly limit?: number | undefined;
      /** `next` of the page before, with the same other parameters. */
      readonly cursor?: string | undefined;
      /** Ends after. Epoch ms or ISO 8601. */
      readonly from?: string | number | undefined;
      /** Starts before. Epoch ms or ISO 8601. */
      readonly to?: string | number | undefined;
      /** Field to sort by, with - in front for descending. Default -ends_at. */
      readonly sort?: 'ends_at' | '-ends_at' | 'starts_at' | '-starts_at' | 'created_at' | '-created_at' | undefined;
      readonly state?: 'pending' | 'active' | 'expired' | undefined;
      readonly kind?: 'silence' | 'maintenance' | undefined;
    };
    readonly answer: {
      readonly items: readonly Silence[];
      /** Cursor of the next page; null on the last one. */
      readonly next: string | null;
      /** Items that match, over all pages. */
      readonly total: number;
    };
    readonly media: 'application/json' | 'text/csv';
  };
  /** The steps of the pipeline with live counters, as the engine last told them. */
  '/api/v1/topology': {
    readonly query: {
      /** Of this engine; of whoever told last when absent. */
      readonly worker?: string | undefined;
    };
    readonly answer: Topology;
    readonly media: 'application/json';
  };
  /** Answers while the process is alive. */
  '/livez': {
    readonly answer: {
      readonly alive: true;
    };
    readonly media: 'application/json';
  };
  /** Our own metrics in the Prometheus text format. */
  '/metrics': {
    readonly media: 'text/plain';
  };
  /** Health, risk, decisions and open anomalies of every GPU as OpenMetrics, at most ten seconds old; see deploy/prometheus. */
  '/metrics/fleet': {
    readonly media: 'application/openmetrics-text';
  };
  /** Whether every part needed for answers is there, with reasons. */
  '/readyz': {
    readonly answer: Readiness;
    readonly media: 'application/json';
  };
}

export interface PostOperations {
  /** Sends one message that says it is a test, and tells what the other side said. */
  '/api/v1/alert-channels/{name}/test': {
    readonly params: {
      /** As configured in alert-channels. */
      readonly name: string;
    };
    readonly body: Readonly<Record<string, never>>;
    readonly answer: ChannelTest;
    readonly media: 'application/json';
  };
  /** What a change of a rule would have told of the last days, beside what the rules in effect tell, by the same operators over stored rows. Severities are those that conditions had last. */
  '/api/v1/alert-rules/preview': {
    readonly body: AlertRulePreviewRequest;
    readonly answer: AlertRulePreview;
    readonly media: 'application/json';
  };
  /** Takes notice: no repeats, no escalation, until it gets worse. */
  '/api/v1/alerts/{id}/acknowledge': {
    readonly params: {
      /** Id of the alert. */
      readonly id: string;
    };
    readonly body: AlertActRequest;
    readonly answer: AlertDetail;
    readonly media: 'application/json';
  };
  /** Says who looks after it. */
  '/api/v1/alerts/{id}/assign': {
    readonly params: {
      /** Id of the alert. */
      readonly id: string;
    };
    readonly body: AlertAssignRequest;
    readonly answer: AlertDetail;
    readonly media: 'application/json';
  };
  /** Begins a silence that all the facts of this alert must fit, its severity too: once it gets worse it is told again. */
  '/api/v1/alerts/{id}/silence': {
    readonly params: {
      /** Id of the alert. */
      readonly id: string;
    };
    readonly body: AlertSilenceRequest;
    readonly answer: Silence;
    readonly media: 'application/json';
  };
  /** Takes that back. */
  '/api/v1/alerts/{id}/unacknowledge': {
    readonly params: {
      /** Id of the alert. */
      readonly id: string;
    };
    readonly body: AlertActRequest;
    readonly answer: AlertDetail;
    readonly media: 'application/json';
  };
  /** A new asset as JSON; one that is known already is changed by PATCH. As CSV with the columns of the table: new and known ones alike, columns that the file does not have stay as they are. */
  '/api/v1/assets': {
    readonly query: {
      /** Of CSV: takes the good rows when others are bad. Default false: all or none. */
      readonly partial?: 'true' | 'false' | undefined;
    };
    readonly body: AssetRequest;
    readonly csv_body: string;
    readonly answer: Asset | AssetImport;
    readonly media: 'application/json';
  };
  /** What a CSV would do to the inventory, with everything that is wrong in it; nothing is stored. */
  '/api/v1/assets/preview': {
    readonly body: AssetPreviewRequest;
    readonly answer: AssetImport;
    readonly media: 'application/json';
  };
  /** Out of service for good; a PATCH of its status brings it back. */
  '/api/v1/assets/{gpu_uuid}/retire': {
    readonly params: {
      /** GPU identity, as the driver tells it. */
      readonly gpu_uuid: string;
    };
    readonly body: RetireRequest;
    readonly answer: Asset;
    readonly media: 'application/json';
  };
  /** Sends originals again, oldest first; those that fail again are refused again. `more`: it stopped at retried_max. */
  '/api/v1/dead-letters/retry': {
    readonly body: DeadLetterRetryRequest;
    readonly answer: DeadLetterRetry;
    readonly media: 'application/json';
  };
  /** What would be decided with other prices, risk or use; nothing is stored. */
  '/api/v1/decisions/evaluate': {
    readonly body: {
      /** 0..100. */
      readonly health: number;
      /** Probability of a failure within 30 days. */
      readonly p30: number;
      /** Mean of the last 7 days. */
      readonly utilisation: number;
      readonly p7?: number | undefined;
      readonly p90?: number | undefined;
      /** As the exporter names it. */
      readonly model?: string | undefined;
      readonly profile?: 'default' | 'reference' | undefined;
      /** What runs on it. */
      readonly tier?: 'training' | 'inference' | 'batch' | undefined;
      /** Mean draw, measured. */
      readonly power_watts?: number | undefined;
      readonly age_days?: number | undefined;
      /** Days of warranty left. */
      readonly warranty_days?: number | undefined;
      /** Prices in the place of those of the price book; units stand in the names. */
      readonly prices?: {
        /** What a new board costs today: residuals are shares of it. */
        readonly purchase_usd?: number | undefined;
        /** Draw under full load. */
        readonly tdp_watts?: number | undefined;
        /** Draw of an idle board. */
        readonly idle_watts?: number | undefined;
        /** Mean cost of a failure outside warranty, repair or exchange. */
        readonly repair_usd?: number | undefined;
        /** Usual rate: of restored boards, and where nothing is foreseen. */
        readonly failures_per_year?: number | undefined;
        /** How far ahead keeping and repurposing are counted. */
        readonly horizon_months?: number | undefined;
        /** What a dollar in a year is worth less than one now. */
        readonly discount_rate_per_year?: number | undefined;
        /** Price of energy. */
        readonly energy_usd_per_kwh?: number | undefined;
        /** Energy of the site over energy of its boards. */
        readonly pue?: number | undefined;
        /** Rack, network and hands for one board. */
        readonly overhead_usd_per_month?: number | undefined;
        /** Share of the time in which a working board can be let. */
        readonly availability_ratio?: number | undefined;
        /** Share of a sale that is not received. */
        readonly resale_fee_ratio?: number | undefined;
        /** What scrap brings, as a share of the residual. */
        readonly salvage_ratio?: number | undefined;
        /** Cost of moving a board to a cheaper tier. */
        readonly repurpose_usd?: number | undefined;
        /** Usual utilisation there. */
        readonly repurpose_utilisation_ratio?: number | undefined;
        /** Hazard there, over the one where it is. */
        readonly repurpose_hazard_ratio?: number | undefined;
        /** How much of the rent that bad health loses is lost there too. */
        readonly repurpose_penalty_ratio?: number | undefined;
        /** From a failure without warranty and without spare to a working board. */
        readonly replacement_lead_days?: number | undefined;
        /** The same under warranty. */
        readonly rma_lead_days?: number | undefined;
        /** What a return under warranty costs all the same. */
        readonly rma_handling_usd?: number | undefined;
        /** Share of failures for which a spare is at hand. */
        readonly spare_coverage_ratio?: number | undefined;
        /** Time to put it in. */
        readonly spare_swap_days?: number | undefined;
        /** Health where nobody knows it. */
        readonly assumed_health?: number | undefined;
        /** Utilisation where nothing is measured. */
        readonly assumed_utilisation_ratio?: number | undefined;
        /** Age where no date is known. */
        readonly assumed_age_days?: number | undefined;
        /** Of the board's tier; other tiers move with it. */
        readonly rent_usd_per_hour?: number | undefined;
        /** Of the board's tier. */
        readonly disruption_usd?: number | undefined;
        /** What it would bring now, before fees. */
        readonly resale_usd?: number | undefined;
      } | undefined;
    };
    readonly answer: WhatIf;
    readonly media: 'application/json';
  };
  /** Tells of a failure, or of many as CSV with the columns of the table; told again it changes. */
  '/api/v1/failure-labels': {
    readonly query: {
      /** Of CSV: stores the good rows when others are bad. Default false: all or none. */
      readonly partial?: 'true' | 'false' | undefined;
    };
    readonly body: FailureLabelRequest;
    readonly csv_body: string;
    readonly answer: FailureLabel | FailureLabelImport;
    readonly media: 'application/json';
  };
  /** Health on demand: of a GPU as it is now, or of samples in the body. */
  '/api/v1/health/score': {
    readonly body: ScoreRequest;
    readonly answer: HealthScore;
    readonly media: 'application/json';
  };
  /** Lets a fault story happen to a GPU of the simulated fleet, from now on. */
  '/api/v1/inject': {
    readonly body: InjectRequest;
    readonly answer: InjectedStory;
    readonly media: 'application/json';
  };
  /** Points an alias to the version that it had before; again: one further back. */
  '/api/v1/models/rollback': {
    readonly body: RollbackRequest;
    readonly answer: AliasMove;
    readonly media: 'application/json';
  };
  /** Points an alias to a version; it judges within seconds. Of what judges without a promotion: takes the champion away. */
  '/api/v1/models/{version}/promote': {
    readonly params: {
      /** A version of the list, or an alias that points to one. */
      readonly version: string;
    };
    readonly body: PromoteRequest;
    readonly answer: AliasMove;
    readonly media: 'application/json';
  };
  /** Failure prediction on demand: of a GPU as it is now, or of features in the body. */
  '/api/v1/predict/failure': {
    readonly body: PredictRequest;
    readonly answer: Prediction;
    readonly media: 'application/json';
  };
  /** Begins a silence or plans a maintenance window: alerts that fit all matchers are told to nobody meanwhile. */
  '/api/v1/silences': {
    readonly body: SilenceRequest;
    readonly answer: Silence;
    readonly media: 'application/json';
  };
  /** The open alerts that a silence would hit. */
  '/api/v1/silences/preview': {
    readonly body: SilencePreviewRequest;
    readonly answer: SilencePreview;
    readonly media: 'application/json';
  };
  /** Ends a silence now; what is still open is told. */
  '/api/v1/silences/{id}/expire': {
    readonly params: {
      /** Id. */
      readonly id: string;
    };
    readonly body: SilenceExpireRequest;
    readonly answer: Silence;
    readonly media: 'application/json';
  };
}

export interface PatchOperations {
  /** Changes the facts named; null or an empty text clears one. With If-Match only what was read is changed. */
  '/api/v1/assets/{gpu_uuid}': {
    readonly params: {
      /** GPU identity, as the driver tells it. */
      readonly gpu_uuid: string;
    };
    readonly body: AssetChange;
    readonly answer: Asset;
    readonly media: 'application/json';
  };
  /** Changes a silence that is not over: what is left out stays. */
  '/api/v1/silences/{id}': {
    readonly params: {
      /** Id. */
      readonly id: string;
    };
    readonly body: SilenceChangeRequest;
    readonly answer: Silence;
    readonly media: 'application/json';
  };
}
