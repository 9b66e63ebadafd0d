// Reads an answer on standard input and prints every path in it that is masked, as `maskAt` says.
import { readFileSync } from 'node:fs';

import { maskAt } from '../src/index.js';
import type { Answer, Path } from '../src/index.js';

function* paths(value: unknown, path: Path): Iterable<Path> {
  if (path.length > 0) yield path;
  if (Array.isArray(value)) {
    for (const [at, inner] of value.entries()) yield* paths(inner, [...path, at]);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) yield* paths(inner, [...path, key]);
  }
}

const answer = JSON.parse(readFileSync(0, 'utf8')) as Answer;
for (const path of paths(answer.data, [])) {
  const found = maskAt(answer, path);
  if (found !== undefined) console.log(JSON.stringify({ path, ...found }));
}
