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

async function* watchEach(results, note) {
  for await (const result of results) {
    yield Array.isArray(result) ? result.map(note) : note(result);
  }
}
