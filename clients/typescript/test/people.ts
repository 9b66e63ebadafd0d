// The words that the scripts of this folder share: how they are started, and what they say.
import { maskAt } from '../src/index.js';
import type { Answer, Mask, Path } from '../src/index.js';

const [url = '', token = ''] = process.argv.slice(2);

/** Where the server is, and as whom it is asked. */
export const server = { url, headers: { authorization: `Bearer ${token}` } };

/** One line of JSON for each finding; what is undefined is null. */
export function say(name: string, found: unknown): void {
  console.log(JSON.stringify({ name, found: found ?? null }));
}

/** A mask in short. */
export function short(mask: Mask | undefined): string | null {
  return mask === undefined ? null : `${mask.coordinate} ${mask.mask} ${mask.reason} ${mask.certain}`;
}

/** The masks at `users.nodes.N.field` for the first two people. */
export function masks(answer: Answer, ...fields: string[]): (string | null)[] {
  const paths: Path[] = [0, 1].flatMap((at) => fields.map((field) => ['users', 'nodes', at, field]));
  return paths.map((path) => short(maskAt(answer, path)));
}
