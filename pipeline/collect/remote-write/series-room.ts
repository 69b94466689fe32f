const GIB = 1_073_741_824;

/** 40 labels with names and values as long as Kubernetes allows are 15 KiB; those of a dcgm-exporter are 0.5. */
export const LABELS_MAX_BYTES = 16_384;
/** 100,000 GPUs of 100 series; a dcgm-exporter tells 20 of a GPU, and less than 100 with every field it has. */
const SERIES_MAX = 10_000_000;
/** 100,000 GPUs of 50 series take 1.4 GiB; a GPU a node, three label blocks and 100 series each, 3.4. */
const KEPT_MAX_BYTES = 4 * GIB;

/** What is kept beside its labels, about: of a series, */
export const SERIES_BYTES = 150;
/** of a label block with the row that it fills, and how often its labels are kept: as bytes, as key, as texts, in the target's key; */
const BLOCK_BYTES = 2_048;
const LABEL_COPIES = 4;
/** of a target with its gatherer and an instant. */
export const TARGET_BYTES = 8_192;
/** A target, and in it a series with the longest labels. */
export const NEW_TARGET_BYTES: number = TARGET_BYTES + SERIES_BYTES + blockBytes(LABELS_MAX_BYTES);

/** Of a label block of so many bytes. */
export function blockBytes(length: number): number {
  return BLOCK_BYTES + LABEL_COPIES * length;
}

/** There is no room for another series now. */
export class NoRoomError extends Error {}

export interface SeriesLimits {
  readonly series_max?: number;
  readonly kept_max_bytes?: number;
}

/** How much of what senders call their series is kept, so that made-up labels cannot fill the memory. */
export class SeriesRoom {
  series = 0;
  kept_bytes = 0;
  readonly #series_max: number;
  readonly #kept_max_bytes: number;

  constructor({ series_max = SERIES_MAX, kept_max_bytes = KEPT_MAX_BYTES }: SeriesLimits = {}) {
    this.#series_max = series_max;
    this.#kept_max_bytes = kept_max_bytes;
  }

  /** Before a series is learned for which so much is kept. Throws NoRoomError. */
  require(bytes: number): void {
    if (this.series < this.#series_max && this.kept_bytes + bytes <= this.#kept_max_bytes) return;
    throw new NoRoomError(
      `too many series: ${this.series} are kept, in ${Math.ceil(this.kept_bytes / 1_048_576)} MiB, and new ones wait until some end`,
    );
  }
}
