// What an answer says of masking, by path. Asks the list of the server first, and guesses only where the list was cut short.
import { MASK_SIGN } from './generated.js';
import type { MaskedCoordinate, MaskName, MaskReason, OnMasked } from './generated.js';

/** One entry of `extensions.masking.fields`. `rows`: ALL, SOME (only in a truncated list), or a bit set in base64. */
export interface MaskedField {
  readonly coordinate: MaskedCoordinate;
  readonly path: readonly string[];
  readonly mask: MaskName;
  readonly reason: MaskReason;
  readonly rows: string;
}

/** `extensions.masking` of an answer. */
export interface Masking {
  readonly policyVersion: string;
  readonly fields: readonly MaskedField[];
  readonly truncated?: true;
  readonly dryRun?: true;
}

/** What a request wants of masks: `extensions.masking` of a request. */
export interface Wish {
  readonly onMasked?: OnMasked;
  readonly dryRun?: boolean;
}

/** An answer as it came: with the data that was answered, not with what a cache made of it. */
export interface Answer {
  readonly data?: unknown;
  readonly extensions?: unknown;
}

/** Response keys and places in lists, from the root: `['users', 'nodes', 0, 'phone']`. */
export type Path = readonly (string | number)[];

/** Why a value is not the stored one. `certain` is false where a truncated list leaves it to the value itself. */
export interface Mask {
  readonly coordinate: MaskedCoordinate | undefined;
  readonly mask: MaskName | undefined;
  readonly reason: MaskReason | undefined;
  readonly certain: boolean;
}

/** The masking list of an answer; undefined where nothing was masked. */
export function maskingOf(answer: Answer): Masking | undefined {
  const found = member(answer.extensions, 'masking');
  return Array.isArray(member(found, 'fields')) ? (found as Masking) : undefined;
}

/** Whether the value at this path of the answer is masked. */
export function isMasked(answer: Answer, path: Path): boolean {
  return maskAt(answer, path) !== undefined;
}

/** The mask at this path of the answer, and why; undefined where the stored value is shown, or nothing stands there. */
export function maskAt(answer: Answer, path: Path): Mask | undefined {
  const masking = maskingOf(answer);
  if (masking === undefined) return undefined;
  const pattern = path.map((step) => (typeof step === 'number' ? '*' : step));
  const place = placesOf(answer.data, pattern).get(indicesOf(path));
  if (place === undefined) return undefined;
  const here = masking.fields.filter((field) => same(field.path, pattern));
  for (const { coordinate, mask, reason, rows } of here) {
    if (rows === 'ALL' || (rows !== 'SOME' && isSet(rows, place))) return { coordinate, mask, reason, certain: true };
  }
  const cut = here.filter((field) => field.rows === 'SOME');
  if (!masking.truncated || (here.length > 0 && cut.length === 0) || !looksMasked(valueAt(answer.data, path))) {
    return undefined;
  }
  const only = cut.length === 1 ? cut[0] : undefined;
  return { coordinate: only?.coordinate, mask: only?.mask, reason: only?.reason, certain: false };
}

/** Whether a text came out of a mask: it must not be sent back, and is refused where it is. */
export function isMaskedText(value: unknown): boolean {
  return typeof value === 'string' && value.includes(MASK_SIGN);
}

function looksMasked(value: unknown): boolean {
  return value === null || isMaskedText(value);
}

function member(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[name] : undefined;
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => member(value, String(step)), data);
}

function indicesOf(path: Path): string {
  return path.filter((step) => typeof step === 'number').join(' ');
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((step, at) => step === other[at]);
}

/** The first occurrence stands in the highest bit of the first byte. */
function isSet(rows: string, place: number): boolean {
  return ((atob(rows).charCodeAt(place >> 3) >> (7 - (place & 7))) & 1) === 1;
}

type Places = Map<string, number>;
const known = new WeakMap<object, Map<string, Places>>();

/** By the indices of a path of this pattern, its number among the occurrences in document order; counted once per answer. */
function placesOf(data: unknown, pattern: readonly string[]): Places {
  if (typeof data !== 'object' || data === null) return new Map();
  const patterns = known.get(data) ?? new Map<string, Places>();
  known.set(data, patterns);
  const key = JSON.stringify(pattern);
  const places = patterns.get(key) ?? new Map<string, number>();
  if (!patterns.has(key)) {
    patterns.set(key, places);
    walk(data, pattern, [], places);
  }
  return places;
}

function walk(data: unknown, pattern: readonly string[], indices: readonly number[], places: Places): void {
  const [step, ...rest] = pattern;
  if (step === undefined) {
    places.set(indices.join(' '), places.size);
  } else if (step === '*' && Array.isArray(data)) {
    data.forEach((item, at) => walk(item, rest, [...indices, at], places));
  } else if (typeof data === 'object' && data !== null && Object.hasOwn(data, step)) {
    walk((data as Record<string, unknown>)[step], rest, indices, places);
  }
}
