// Looks at every answer of the user's own operations on its way to the editor; the editor's own questions pass unseen.

/** Wraps a fetcher: `begin` is called before each operation, `note` with each answer; what `note` returns is shown. */
export function watchAnswers(fetcher, { begin, note }) {
  return async (params, options) => {
    if (params.operationName === 'IntrospectionQuery') return fetcher(params, options);
    begin();
    const result = await fetcher(params, options);
    return result?.[Symbol.asyncIterator] ? watchEach(result, note) : note(result);
  };
}

function watchEach(results, note) {
  const answers = results[Symbol.asyncIterator]();
  const noted = (value) => (Array.isArray(value) ? value.map(note) : note(value));
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const { done, value } = await answers.next();
      return done ? { done, value } : { done, value: noted(value) };
    },
    return: (value) => answers.return?.(value) ?? Promise.resolve({ done: true, value }),
  };
}
