// What the server says it masked in the latest answer: reads extensions.masking, never guesses from the values.
import { watchAnswers } from './answers.js';

const NOTHING = { fields: [], truncated: false, policyVersion: null, data: null };

let current = NOTHING;
const listeners = new Set();

export const maskingStore = {
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  get: () => current,
  set(masking) {
    current = masking ? { ...NOTHING, ...masking, fields: masking.fields ?? [] } : NOTHING;
    listeners.forEach((listener) => listener());
  },
};

/** Wraps a fetcher so that every answer of the user's own operations updates the store. */
export function watchMasking(fetcher) {
  return watchAnswers(fetcher, {
    begin: () => maskingStore.set(null),
    note(result) {
      if (result?.extensions?.masking) maskingStore.set({ ...result.extensions.masking, data: result.data });
      return result;
    },
  });
}

/** "all", or how many bits are set in the base64 bitset of rows. */
export function rowsLabel(rows) {
  if (rows === 'ALL' || rows === undefined || rows === null) return 'all';
  if (rows === 'SOME') return 'some';
  try {
    let count = 0;
    for (const character of atob(rows.replaceAll('-', '+').replaceAll('_', '/'))) {
      for (let byte = character.charCodeAt(0); byte; byte &= byte - 1) count += 1;
    }
    return String(count);
  } catch {
    return 'some';
  }
}

/** The objects on which a masked field stands, as far as the answer holds their ids: each with the name it is known by. */
export function objectsOf({ path, rows }, data) {
  const places = standing(data, Array.isArray(path) ? path : []);
  const masked = places.filter((_, at) => isSet(rows, at));
  const named = masked.filter(({ object }) => typeof object.id === 'string');
  const known = new Map(named.map(({ object }) => [object.id, { id: object.id, label: nameOf(object) }]));
  return [...known.values()];
}

function standing(value, path) {
  if (value === null || value === undefined || !path.length) return [];
  const [step, ...rest] = path;
  if (step === '*') return Array.isArray(value) ? value.flatMap((item) => standing(item, rest)) : [];
  if (typeof value !== 'object' || !(step in value)) return [];
  return rest.length ? standing(value[step], rest) : [{ object: value }];
}

function isSet(rows, at) {
  if (typeof rows !== 'string' || rows === 'ALL' || rows === 'SOME') return true;
  return Boolean(atob(rows).charCodeAt(at >> 3) & (0x80 >> (at & 7)));
}

function nameOf({ displayName, name, title, number, id }) {
  return displayName ?? name ?? title ?? (number === undefined ? id : `no. ${number}`);
}
