/** The last five evaluations as bits, the newest lowest. */
const LAST_FIVE = 0b11111;
const NEEDED = 3;

export const castVote = (votes: number, deviates: boolean): number => ((votes << 1) | Number(deviates)) & LAST_FIVE;
export const isCarried = (votes: number): boolean => countVotes(votes) >= NEEDED;

export function countVotes(votes: number): number {
  let count = 0;
  for (let rest = votes; rest !== 0; rest &= rest - 1) count++;
  return count;
}
