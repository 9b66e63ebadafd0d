// What the server says it masked in the latest answer: reads extensions.masking, never guesses from the values.
import { watchAnswers } from './answers.js';

const NOTHING = { fields: [], truncated: false, policyVersion: null };

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
      if (result?.extensions?.masking) maskingStore.set(result.extensions.masking);
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
