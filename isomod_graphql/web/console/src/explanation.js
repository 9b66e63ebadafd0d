// How the latest answer came about, as the server says in extensions.explain, and whether it is asked to say so.
import { watchAnswers } from './answers.js';

const OFF = { wanted: false, answered: false, explanation: null };

let current = OFF;
const listeners = new Set();

function change(changes) {
  current = { ...current, ...changes };
  listeners.forEach((listener) => listener());
}

export const explanationStore = {
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  get: () => current,
  want: (wanted) => change({ ...OFF, wanted }),
};

/** Like the given fetch, with the header that asks for an explanation while one is wanted. */
export function explainedFetch(fetching) {
  return (input, init = {}) => {
    if (!current.wanted) return fetching(input, init);
    const headers = { ...Object.fromEntries(new Headers(init.headers)), 'Isomod-Explain': 'run' };
    return fetching(input, { ...init, headers });
  };
}

/** Wraps a fetcher so that explanations go into the store instead of the editor, where they would bury the answer. */
export function watchExplanation(fetcher) {
  return watchAnswers(fetcher, {
    begin: () => change({ answered: false, explanation: null }),
    note(result) {
      if (!result?.extensions?.explain) {
        change({ answered: true });
        return result;
      }
      const { explain, ...extensions } = result.extensions;
      change({ answered: true, explanation: explain });
      const { extensions: _, ...rest } = result;
      return Object.keys(extensions).length ? { ...rest, extensions } : rest;
    },
  });
}
