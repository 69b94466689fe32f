/** How many sockets of each address have not shown a key yet. State: an address for each such socket. */
export class Strangers {
  private readonly counts = new Map<string, number>();
  private readonly per_address_max: number;

  constructor(per_address_max: number) {
    this.per_address_max = per_address_max;
  }

  hasRoom(address: string): boolean {
    return (this.counts.get(address) ?? 0) < this.per_address_max;
  }

  came(address: string): void {
    this.counts.set(address, (this.counts.get(address) ?? 0) + 1);
  }

  left(address: string): void {
    const others = (this.counts.get(address) ?? 0) - 1;
    if (others > 0) this.counts.set(address, others);
    else this.counts.delete(address);
  }
}
