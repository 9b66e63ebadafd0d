// What the editor remembers in this browser: it belongs to one person and goes when that person signs out.
import { createLocalStorage } from '@graphiql/toolkit';

const forgotten = new Set();

function namespaceOf(viewer) {
  return `isomod-console:${viewer.id}`;
}

/** The storage of one person. The editor writes late (it debounces): after `forget` nothing is written any more. */
export function memoryOf(viewer) {
  const namespace = namespaceOf(viewer);
  const kept = createLocalStorage({ namespace });
  return {
    get length() {
      return kept.length;
    },
    getItem: (key) => kept.getItem(key),
    setItem: (key, value) => {
      if (!forgotten.has(namespace)) kept.setItem(key, value);
    },
    removeItem: (key) => kept.removeItem(key),
    clear: () => kept.clear(),
  };
}

/** Removes what was remembered of a person, for the life of this page: a fresh page may remember again. */
export function forget(viewer) {
  const namespace = namespaceOf(viewer);
  forgotten.add(namespace);
  Object.keys(localStorage)
    .filter((key) => key.startsWith(`${namespace}:`))
    .forEach((key) => localStorage.removeItem(key));
}
